package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"keydesk/infra/local/doubles"
	"keydesk/shared/awsenv"
)

// createClaimKey makes the secret that template.yaml has CloudFormation make, of letters and digits.
func createClaimKey(ctx context.Context, cfg aws.Config) error {
	client := secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint(doubles.SecretsManagerVariable)
	})
	_, err := client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(claimKey), SecretString: aws.String(rand.Text() + rand.Text() + rand.Text()),
	})
	if err != nil {
		return fmt.Errorf("create the key of claim links: %w", err)
	}
	return nil
}

package doubles

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

// TestMailIsKept sends mail through moto, and reads what it has kept.
func TestMailIsKept(t *testing.T) {
	folder := t.TempDir()
	for i := range 1000 { // as many as are kept, and older
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("2020-%04d.txt", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := moto(filepath.Join("..", "..", ".."), folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	client := sesv2.New(sesv2.Options{
		BaseEndpoint: &p.url, Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	text := func(s string) *types.Content { return &types.Content{Data: &s} }
	send := func(from string) error {
		_, err := client.SendEmail(t.Context(), &sesv2.SendEmailInput{
			FromEmailAddress: &from, Destination: &types.Destination{ToAddresses: []string{"ada/../@pennywise.example"}},
			Content: &types.EmailContent{Simple: &types.Message{
				Subject: text("Ihr Schlüssel"), Body: &types.Body{Text: text("Grüße,\n" + strings.Repeat("long ", 30) + "\n")},
				Headers: []types.MessageHeader{{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")}},
			}},
		})
		return err
	}
	if _, err := client.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String("orchard.example")}); err != nil {
		t.Fatal(err)
	}
	if err := send("keys@stranger.example"); err == nil || !strings.Contains(err.Error(), "not verified") {
		t.Errorf("mail from a stranger: %v", err)
	}
	if err := send(`"Orchard Bank" <keys@orchard.example>`); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(files) != 1000 || slices.Contains(files, filepath.Join(folder, "2020-0000.txt")) {
		t.Fatalf("%d messages are kept: %v", len(files), err)
	}
	if old := filepath.Base(files[len(files)-2]); old != "2020-0999.txt" {
		t.Errorf("what was refused is kept, too: %s", old)
	}
	isMessage(t, files[len(files)-1])
}

// isMessage wants the file to be the one message that was sent.
func isMessage(t *testing.T, file string) {
	t.Helper()
	if name := filepath.Base(file); !strings.HasPrefix(name, "20") || !strings.HasSuffix(name, "-ada_.._@pennywise.example.txt") {
		t.Errorf("the newest is called %s", name)
	}
	got, err := os.ReadFile(file)
	want := "From: \"Orchard Bank\" <keys@orchard.example>\nTo: ada/../@pennywise.example\nSubject: Ihr Schlüssel\nAuto-Submitted: auto-generated\n" +
		"Content-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: 8bit\nMIME-Version: 1.0\n\nGrüße,\n" + strings.Repeat("long ", 30) + "\n"
	if err != nil || string(got) != want {
		t.Errorf("kept is\n%s\nwant\n%s", got, want)
	}
}

package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/infra/faults"
)

func TestRule(t *testing.T) {
	isBook := func(input any) bool { return aws.ToString(input.(*dynamodb.PutItemInput).TableName) == "books" }
	for _, test := range []struct {
		name string
		rule faults.Rule
		want []int // which of six PutItems conflict
	}{
		{"once", faults.Rule{}, []int{1}},
		{"of this operation", faults.Rule{Operation: "PutItem"}, []int{1}},
		{"from the third", faults.Rule{Nth: 3}, []int{3}},
		{"twice from the third", faults.Rule{Nth: 3, Times: 2}, []int{3, 4}},
		{"always", faults.Rule{Times: faults.Always}, []int{1, 2, 3, 4, 5, 6}},
		{"always from the fifth", faults.Rule{Nth: 5, Times: faults.Always}, []int{5, 6}},
		{"if the input is so", faults.Rule{If: isBook, Nth: 2}, []int{2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *cloud) {
				test.rule.Fault = faults.Conflict
				c.plan.Add(test.rule)
				var got []int
				for n := 1; n <= 6; n++ {
					if c.put(t.Context()) != nil {
						got = append(got, n)
					}
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("struck %v, want %v", got, test.want)
				}
			})
		})
	}
}

// A rule that another one was quicker than strikes the next attempt.
func TestRulesSideBySide(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Fault: faults.NeverSent})
		c.plan.Add(faults.Rule{Fault: faults.AnswerLost})
		if err := c.put(t.Context()); err != nil {
			t.Error(err)
		}
		c.want(t, "PutItem", 3, 2)
	})
}

func TestStormIsTheSameForASeed(t *testing.T) {
	run := func(seed uint64) (text string) {
		bubble(t, func(t *testing.T, c *cloud) {
			c.plan.Storm(seed, 0.3)
			for range 60 {
				text += fmt.Sprintln(c.transact(t.Context()), c.put(t.Context()), c.open(t.Context()))
			}
			c.plan.Calm()
			calls := len(c.plan.Calls())
			for range 60 {
				if err := c.transact(t.Context()); err != nil {
					t.Errorf("after the storm: %v", err)
				}
			}
			if got := len(c.plan.Calls()) - calls; got != 60 {
				t.Errorf("after the storm 60 calls took %d attempts", got)
			}
		})
		return text
	}
	first := run(1)
	if again := run(1); again != first {
		t.Errorf("seed 1 brought two storms:\n%s\nand\n%s", first, again)
	}
	if run(2) == first {
		t.Error("seeds 1 and 2 brought the same storm")
	}
	for _, sign := range []string{"TransactionConflict", "ThrottlingError", "ResourceNotFoundException", "<nil>"} {
		if !strings.Contains(first, sign) {
			t.Errorf("in 180 calls nothing met %s:\n%s", sign, first)
		}
	}
}

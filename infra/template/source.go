package template

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// What brings events that are no calls. A property that stands here and is not read, infra/local need not know; any other is refused,
// for it might change what the function is handed.

type scheduleProperties struct {
	Description        string    `yaml:"Description"`
	ScheduleExpression string    `yaml:"ScheduleExpression"`
	RoleArn            string    `yaml:"RoleArn"`
	RetryPolicy        yaml.Node `yaml:"RetryPolicy"`      // of an invocation that Lambda does not take
	DeadLetterConfig   yaml.Node `yaml:"DeadLetterConfig"` // and what becomes of it in the end
}

func (s *scope) schedule(name string, node *yaml.Node, roles map[string][]Statement) (Schedule, error) {
	var p scheduleProperties
	if err := s.decodeWhole(node, &p); err != nil {
		return Schedule{}, err
	}
	rate, ok := period(p.ScheduleExpression)
	if !ok {
		return Schedule{}, s.errorf(node, "%s has the ScheduleExpression %q: only one like rate(5 minutes) is understood here", name, p.ScheduleExpression)
	}
	statements, ok := roles[p.RoleArn]
	if !ok { // SAM would make one
		return Schedule{}, s.errorf(node, "%s needs the RoleArn of a role of this template", name)
	}
	return Schedule{Rate: rate, Statements: statements}, nil
}

var rateExpression = regexp.MustCompile(`^rate\(([1-9][0-9]{0,8}) (minute|hour|day)s?\)$`)

func period(expression string) (time.Duration, bool) {
	parts := rateExpression.FindStringSubmatch(expression)
	if parts == nil {
		return 0, false
	}
	n, err := strconv.Atoi(parts[1])
	unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[parts[2]]
	return time.Duration(n) * unit, err == nil && n <= int(time.Duration(1<<63-1)/unit)
}

type streamProperties struct {
	Stream                         string   `yaml:"Stream"`
	StartingPosition               string   `yaml:"StartingPosition"`
	BatchSize                      int      `yaml:"BatchSize"`
	MaximumBatchingWindowInSeconds int      `yaml:"MaximumBatchingWindowInSeconds"`
	ParallelizationFactor          int      `yaml:"ParallelizationFactor"`
	MaximumRetryAttempts           *int     `yaml:"MaximumRetryAttempts"`
	MaximumRecordAgeInSeconds      int      `yaml:"MaximumRecordAgeInSeconds"`
	BisectBatchOnFunctionError     bool     `yaml:"BisectBatchOnFunctionError"`
	FunctionResponseTypes          []string `yaml:"FunctionResponseTypes"`
	FilterCriteria                 struct {
		Filters []struct {
			Pattern string `yaml:"Pattern"`
		} `yaml:"Filters"`
	} `yaml:"FilterCriteria"`
	DestinationConfig yaml.Node `yaml:"DestinationConfig"` // what becomes of records that failed to the end
}

func (s *scope) stream(name string, node *yaml.Node, arn string) (Stream, error) {
	var p streamProperties
	if err := s.decodeWhole(node, &p); err != nil {
		return Stream{}, err
	}
	switch {
	case p.Stream == "" || p.Stream != arn:
		return Stream{}, s.errorf(node, "%s: only the stream of the table is understood here", name)
	case p.StartingPosition != "TRIM_HORIZON":
		return Stream{}, s.errorf(node, "%s: only the StartingPosition TRIM_HORIZON is understood here", name)
	case p.MaximumBatchingWindowInSeconds != 0 || p.ParallelizationFactor > 1:
		return Stream{}, s.errorf(node, "%s: batches that wait for more, or run side by side, are not understood here", name)
	case p.BatchSize <= 0 || p.MaximumRetryAttempts == nil || *p.MaximumRetryAttempts < 0 || p.MaximumRecordAgeInSeconds <= 0:
		// Lambda would take 100 records, and try a bad one as long as the stream has it
		return Stream{}, s.errorf(node, "%s needs a BatchSize, MaximumRetryAttempts and MaximumRecordAgeInSeconds", name)
	}
	stream := Stream{
		BatchSize:            p.BatchSize,
		MaximumRetryAttempts: *p.MaximumRetryAttempts,
		MaximumRecordAge:     time.Duration(p.MaximumRecordAgeInSeconds) * time.Second,
		Bisect:               p.BisectBatchOnFunctionError,
		ReportFailures:       slices.Contains(p.FunctionResponseTypes, "ReportBatchItemFailures"),
	}
	for _, f := range p.FilterCriteria.Filters {
		filter, err := newFilter(f.Pattern)
		if err != nil {
			return Stream{}, s.errorf(node, "%s has the filter %s: %w", name, f.Pattern, err)
		}
		stream.Filters = append(stream.Filters, filter)
	}
	return stream, nil
}

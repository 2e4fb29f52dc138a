package sweep

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// How roles narrow a power to some items and attributes of the table, and what a call touches of them.

// writing is what a power is called that is for some attributes alone.
func writing(attributes []string) string {
	return " writing " + strings.Join(slices.Compact(slices.Sorted(slices.Values(attributes))), ",")
}

// word is one of an expression of DynamoDB's; those of its own language are in capitals, or functions.
var word = regexp.MustCompile(`[:#]?\w+\(?`)

// attributes are those that an UpdateItem is about, its item's key included.
func (c call) attributes() []string {
	all := slices.Collect(maps.Keys(c.what.Key))
	for _, w := range word.FindAllString(c.what.UpdateExpression+" "+c.what.ConditionExpression, -1) {
		if name, is := c.what.Names[w]; is {
			all = append(all, name)
		} else if w != strings.ToUpper(w) && !strings.HasPrefix(w, ":") && !strings.HasSuffix(w, "(") {
			all = append(all, w)
		}
	}
	return all
}

// leading are the partitions of the items that a call is about.
func (c call) leading() []string {
	var all []string
	if partition := c.what.Values[":partition"].S; partition != "" && c.what.IndexName != "" { // of an index
		return []string{partition}
	}
	items := []map[string]struct{ S string }{c.what.Key}
	for _, of := range c.what.RequestItems {
		items = append(items, of.Keys...)
	}
	for _, item := range items {
		if partition := item["PK"].S; partition != "" {
			all = append(all, partition)
		}
	}
	return all
}

// like tells whether IAM's StringLike finds a text in a pattern.
func like(text, pattern string) bool {
	return regexp.MustCompile(`\A` + strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern)) + `\z`).MatchString(text)
}

package main

import (
	"bytes"
	"encoding/json"
	"html/template"
	"strings"

	"go.yaml.in/yaml/v3"
)

// words makes HTML of a description: paragraphs, lists of lines that begin with "- ", and `code`. That is all the Markdown that
// the contract uses.
func words(description string) template.HTML {
	var html strings.Builder
	for block := range strings.SplitSeq(strings.TrimSpace(description), "\n\n") {
		switch {
		case block == "":
		case strings.HasPrefix(block, "- "):
			html.WriteString("<ul>")
			for item := range strings.SplitSeq(strings.TrimPrefix(block, "- "), "\n- ") {
				html.WriteString("<li>" + string(phrase(item)) + "</li>")
			}
			html.WriteString("</ul>")
		default:
			html.WriteString("<p>" + string(phrase(block)) + "</p>")
		}
	}
	return template.HTML(html.String()) //nolint:gosec // phrase escapes
}

// phrase makes HTML of text with `code` in it.
func phrase(text string) template.HTML {
	var html strings.Builder
	for i, part := range strings.Split(strings.Join(strings.Fields(text), " "), "`") {
		if escaped := template.HTMLEscapeString(part); i%2 == 1 {
			html.WriteString("<code>" + escaped + "</code>")
		} else {
			html.WriteString(escaped)
		}
	}
	return template.HTML(html.String()) //nolint:gosec // escaped
}

// introduction is what stands before the first heading, and then what stands under each.
func introduction(description string) (template.HTML, []topic) {
	parts := strings.Split(description, "## ")
	var topics []topic
	for _, part := range parts[1:] {
		title, text, _ := strings.Cut(part, "\n")
		topics = append(topics, topic{slug(title), title, words(text)})
	}
	return words(parts[0]), topics
}

// slug makes an anchor's name of a title.
func slug(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }

// pretty writes a value as people read it.
func pretty(value *yaml.Node) string {
	var compact strings.Builder
	var wide bytes.Buffer
	if writeJSON(&compact, value) != nil || json.Indent(&wide, []byte(compact.String()), "", "  ") != nil {
		return compact.String()
	}
	return wide.String()
}

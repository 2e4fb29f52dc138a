//go:build browser

package browser

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

// axe is axe-core, which knows what shuts people out of a page.
const axe = "../../.local/axe/node_modules/axe-core/axe.min.js"

// states are all that the page can look like, and what leads there.
var states = map[string]func(t *testing.T, p *person){
	"ready": func(t *testing.T, p *person) { p.opens(granted(t, "authToken").link()); p.sees(ready) },
	"no answer": func(t *testing.T, p *person) {
		p.opens(granted(t, "authToken").link())
		lost := p.loses(fetch.RequestStageRequest)
		p.presses("show")
		lost()
		p.says("No answer came.")
	},
	"a token":  func(t *testing.T, p *person) { p.claims(granted(t, "authToken")) },
	"a user":   func(t *testing.T, p *person) { p.claims(granted(t, "basic")) },
	"a client": func(t *testing.T, p *person) { p.claims(granted(t, "oauth")) },
	"a key id": func(t *testing.T, p *person) { p.claims(granted(t, "jwt")) },
	"copied": func(t *testing.T, p *person) {
		p.claims(granted(t, "authToken"))
		p.do(chromedp.Click(chromedp.CSS("#parts button")))
	},
	"saved, no answer": func(t *testing.T, p *person) {
		p.claims(granted(t, "authToken"))
		lost := p.loses(fetch.RequestStageRequest)
		p.presses("saved")
		lost()
		p.says("That did not reach the desk.")
	},
	"saved": func(t *testing.T, p *person) { p.claims(granted(t, "authToken")); p.presses("saved"); p.sees(done) },
	"claimed": func(t *testing.T, p *person) {
		w := granted(t, "authToken")
		arrives(t).claims(w)
		p.opens(w.link())
		p.presses("show")
		p.sees(claimed)
	},
	"no link": func(_ *testing.T, p *person) { p.opens(base + "/console/claim/"); p.sees(wrong) },
	"declined": func(t *testing.T, p *person) {
		w := asks(t, "authToken")
		reviewer.call(t, http.MethodPut, "/requests/decline/"+w.request, `{"reason": "Not for us."}`)
		p.opens(w.link())
		p.presses("show")
		p.sees(none)
	},
}

// claims follows the link of a request and takes the key.
func (p *person) claims(w wish) {
	p.t.Helper()
	p.opens(w.link())
	p.presses("show")
	p.sees(shown)
}

// TestEverybodyCanUseIt shows each state in light and dark, on a wide screen and on one of 320 pixels, as wide as a page enlarged
// four times: axe finds nothing, nothing moves for who wants no motion, and nobody has to scroll sideways.
func TestEverybodyCanUseIt(t *testing.T) {
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Fatal(err)
	}
	for state, leads := range states {
		t.Run(state, func(t *testing.T) {
			p := arrives(t)
			p.wants("light")
			leads(t, p)
			finds[any](p, string(script)+"; null")
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{1280, 320} {
					p.wants(scheme)
					p.do(chromedp.EmulateViewport(width, 800))
					p.isUsable(fmt.Sprintf("%s, %d pixels", scheme, width), width)
				}
			}
		})
	}
}

// wants has a person prefer a scheme of colours, and no motion.
func (p *person) wants(scheme string) {
	p.t.Helper()
	command(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, //nolint:misspell // CSS's own name
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// isUsable complains of whatever shuts somebody out. What axe cannot tell, we cannot tell either: it counts.
func (p *person) isUsable(how string, width int64) {
	p.t.Helper()
	type rule struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	found := finds[struct{ Violations, Incomplete []rule }](p, `axe.run(document, {resultTypes: ["violations", "incomplete"]})`)
	for _, r := range append(found.Violations, found.Incomplete...) {
		for _, n := range r.Nodes {
			p.t.Errorf("%s: %s: %s\n%.200s\n%s", how, r.ID, r.Help, n.HTML, n.FailureSummary)
		}
	}
	if wide := finds[int64](p, `document.documentElement.scrollWidth`); wide > width {
		p.t.Errorf("%s: the page is %d pixels wide", how, wide)
	}
	moving := finds[int](p, `[...document.querySelectorAll("*")].filter((e) => getComputedStyle(e).animationName !== "none" || getComputedStyle(e).transitionDuration !== "0s").length`)
	if moving != 0 {
		p.t.Errorf("%s: %d things move", how, moving)
	}
	if small := finds[[]string](p, `[...document.querySelectorAll("button")].filter((b) => b.checkVisibility() && b.getBoundingClientRect().height < 24).map((b) => b.textContent)`); len(small) > 0 {
		p.t.Errorf("%s: hard to hit: %s", how, strings.Join(small, ", "))
	}
}

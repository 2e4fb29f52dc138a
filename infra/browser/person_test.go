//go:build browser

package browser

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const patience = 30 * time.Second // for what a page does

// person sits at a browser of their own, with one tab open.
type person struct {
	t      *testing.T
	tab    context.Context
	paused chan *fetch.EventRequestPaused

	mu         sync.Mutex
	called     []string // the addresses that the browser has called
	complaints []string // what the browser has to say against the page
}

// arrives opens a browser for a person. When the test ends, the browser must have had nothing against the pages that it showed.
func arrives(t *testing.T) *person {
	t.Helper()
	tab, leave := chromedp.NewContext(browsers, chromedp.WithNewBrowserContext())
	p := &person{t: t, tab: tab, paused: make(chan *fetch.EventRequestPaused, 8)}
	t.Cleanup(func() {
		leave()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, complaint := range p.complaints {
			t.Errorf("the browser says: %s", complaint)
		}
		for _, address := range p.called {
			if !strings.HasPrefix(address, base+"/") {
				t.Errorf("the page calls %s", address)
			}
		}
	})
	p.do() // opens the tab
	if err := chromedp.Listen(tab, p.hear); err != nil {
		t.Fatal(err)
	}
	return p
}

// hear takes note of what the browser does. That a call was refused is no complaint: browsers say so in their log.
func (p *person) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.called = append(p.called, e.Request.URL)
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Source != log.EntrySourceNetwork && e.Entry.Level == log.EntryLevelError {
			p.complaints = append(p.complaints, e.Entry.Text)
		}
	case *fetch.EventRequestPaused:
		p.paused <- e
	}
}

// do does what may take a while, and no longer.
func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if len(steps) == 0 { // the context of the first of all steps is the tab's life
		if err := chromedp.Do(p.tab); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// finds is what an expression of JavaScript's is worth on the page.
func finds[T any](p *person, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%.80s: %v", expression, err)
	}
	return value
}

// command sends the browser a command of its protocol.
func command[P, R any](p *person, c cdp.Command[P, R], parameters P) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, c, parameters); err != nil {
		p.t.Fatal(err)
	}
}

// opens follows a link.
func (p *person) opens(link string) {
	p.t.Helper()
	p.do(chromedp.Navigate("about:blank"), chromedp.Navigate(link))
}

// presses clicks a button.
func (p *person) presses(id string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.ID(id)))
}

const visible = `const visible = (all) => [...document.querySelectorAll(all)].filter((e) => e.checkVisibility()).map((e) => e.textContent.trim());`

// sees waits until the page has this heading, the only one of its rank.
func (p *person) sees(heading string) {
	p.t.Helper()
	var found []string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found = p.reads("h1"); slices.Equal(found, []string{heading}) {
			return
		}
	}
	p.t.Fatalf("the page is headed %q, want %q", found, heading)
}

// reads is what the elements say that are to be seen.
func (p *person) reads(elements string) []string {
	p.t.Helper()
	return finds[[]string](p, `(() => { `+visible+` return visible("`+elements+`"); })()`)
}

// says waits until an alert says something that begins so.
func (p *person) says(words string) {
	p.t.Helper()
	var found []string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found = p.reads("[role=alert]"); len(found) == 1 && strings.HasPrefix(found[0], words) {
			return
		}
	}
	p.t.Fatalf("the page says %q, want %q", found, words)
}

// key are the parts of the key that the page shows, in their order.
func (p *person) key() []string {
	p.t.Helper()
	return p.reads("#parts code")
}

// loses has the next call of the page fail: before the desk has heard of it, or once it has answered.
func (p *person) loses(stage fetch.RequestStage) (lost func()) {
	p.t.Helper()
	command(p, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*/claim", ResourceType: network.ResourceTypeFetch, RequestStage: stage}}})
	return func() {
		p.t.Helper()
		select {
		case e := <-p.paused:
			command(p, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonConnectionReset})
		case <-time.After(patience):
			p.t.Fatal("the page makes no call")
		}
		command(p, fetch.Disable, cdp.Empty{})
	}
}

//go:build browser

package browser

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/golang-jwt/jwt/v5"
)

// The headings of the page.
const (
	ready   = "Your key is ready"
	shown   = "This is your key"
	done    = "That was all"
	claimed = "Already claimed"
	wrong   = "This link is not whole"
	none    = "There is no key to show"
)

// TestByMouse claims a key of each kind, makes the first call that the page offers, and has the key forgotten.
func TestByMouse(t *testing.T) {
	for kind, parts := range map[string]int{"authToken": 1, "basic": 2, "oauth": 3, "jwt": 1} {
		t.Run(kind, func(t *testing.T) {
			w, p := granted(t, kind), arrives(t)
			p.opens(w.link())
			p.sees(ready)
			if at := finds[string](p, `location.href`); at != base+"/console/claim" {
				t.Error("the address bar still shows the link's secret")
			}
			if w.delivery(t) != nil {
				t.Fatal("the key is taken by whoever opens the link")
			}
			p.presses("show")
			p.sees(shown)
			key := p.key()
			if len(key) != parts {
				t.Fatalf("the page shows %d parts of a key", len(key))
			}
			w.opensHello(t, p.reads("#try code")[0], key)
			p.presses("saved")
			p.sees(done)
			for _, part := range key {
				if kind != "oauth" && strings.Contains(finds[string](p, `document.documentElement.outerHTML`), part) {
					t.Error("the key is still on the page")
				}
			}
			p.do(chromedp.Reload())
			p.sees(wrong)
			if finds[int](p, `sessionStorage.length`) != 0 {
				t.Error("the browser remembers something")
			}
		})
	}
}

// opensHello runs the command that the page offers, and wants the protected route to know whose key it brings.
func (w wish) opensHello(t *testing.T, command string, key []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
	cmd.Env = os.Environ()
	if w.pair != nil {
		token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"exp": time.Now().Add(time.Minute).Unix()})
		token.Header["kid"] = key[0]
		signed, err := token.SignedString(w.pair)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "JWT="+signed)
	}
	answer, err := cmd.Output()
	if err != nil {
		t.Fatalf("the command that the page offers: %v", err)
	}
	var said struct{ Developer, Message string }
	if err := json.Unmarshal(answer, &said); err != nil || said.Developer != w.developer {
		t.Errorf("the command that the page offers is answered %s", answer)
	}
}

// TestByKeyboard does the same with Tab, Enter and the space bar alone. What comes up is focused, so that it is read out.
func TestByKeyboard(t *testing.T) {
	w, p := granted(t, "basic"), arrives(t)
	command(p, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "clipboard-read"}, Setting: browser.PermissionSettingGranted,
		BrowserContextID: chromedp.FromContext(p.tab).BrowserContextID,
	})
	p.opens(w.link())
	p.sees(ready)
	p.types(kb.Tab)
	p.isAt("Show my key")
	p.types(kb.Enter)
	p.sees(shown)
	p.isAt(shown)
	key := p.key()
	for i, part := range append(key, p.reads("#try code")[0]) {
		p.types(kb.Tab)
		p.isAt("Copy")
		p.types(" ")
		p.isAt("Copied")
		if finds[string](p, `navigator.clipboard.readText()`) != part {
			t.Errorf("copying part %d copies another", i)
		}
		if said := p.reads("[role=status]")[0]; !strings.HasSuffix(said, " copied.") {
			t.Errorf("the copy is announced as %q", said)
		}
	}
	p.types(kb.Tab)
	p.isAt("I have saved it")
	p.types(" ")
	p.sees(done)
	p.isAt(done)
}

// types presses a key.
func (p *person) types(key string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(key))
}

// isAt waits until the focus is on what says so.
func (p *person) isAt(text string) {
	p.t.Helper()
	var at string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if at = finds[string](p, `document.activeElement.textContent`); at == text {
			return
		}
	}
	p.t.Fatalf("the focus is on %.40q, want %q", at, text)
}

// TestTwoAtTheSameMoment has two browsers press the button at once. One is shown the key; the other is told, and the reviewer sees it.
func TestTwoAtTheSameMoment(t *testing.T) {
	for range 3 {
		w := granted(t, "authToken")
		both := []*person{arrives(t), arrives(t)}
		for _, p := range both {
			p.opens(w.link())
			p.sees(ready)
		}
		var pressed sync.WaitGroup
		start := make(chan struct{})
		for _, p := range both {
			pressed.Go(func() {
				<-start
				if err := chromedp.Do(p.tab, chromedp.Click(chromedp.ID("show"))); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		pressed.Wait()
		winner, loser := both[0], both[1]
		if loser.ends() == shown {
			winner, loser = loser, winner
		}
		winner.sees(shown)
		loser.sees(claimed)
		if said := strings.Join(loser.reads("#why, #remedy"), " "); !strings.Contains(said, time.Now().Format(" 2006")) || !strings.Contains(said, "If that was not you") {
			t.Errorf("the other is told %q", said)
		}
		if len(loser.key()) != 0 {
			t.Error("the other is shown a key")
		}
		if w.delivery(t)["refused_at"] == nil {
			t.Error("the reviewer does not see that somebody else tried")
		}
	}
}

// ends waits until the page is past the button, and gives its heading.
func (p *person) ends() string {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if now := p.reads("h1"); len(now) == 1 && now[0] != ready {
			return now[0]
		}
	}
	p.t.Fatal("the page stays as it is")
	return ""
}

// TestLostAnswer has the answer get lost that brings the key. The same tab is shown it when it asks again, after a reload too; no other is.
func TestLostAnswer(t *testing.T) {
	w, p := granted(t, "authToken"), arrives(t)
	p.opens(w.link())
	p.sees(ready)
	lost := p.loses(fetch.RequestStageResponse)
	p.presses("show")
	lost()
	p.says("No answer came. Your key is not lost")
	if w.delivery(t) == nil {
		t.Fatal("the desk has not done what it was asked")
	}
	other := arrives(t)
	other.opens(w.link())
	other.sees(ready)
	other.presses("show")
	other.sees(claimed)

	p.presses("show")
	p.sees(shown)
	key := p.key()
	w.opensHello(t, p.reads("#try code")[0], key)
	p.do(chromedp.Reload())
	p.sees(ready)
	p.presses("show")
	p.sees(shown)
	if again := p.key(); again[0] != key[0] {
		t.Error("asked again, the page shows another key")
	}
	p.presses("saved")
	p.sees(done)
	p.opens(w.link())
	p.presses("show")
	p.sees(claimed)
}

// TestNotSaved has the answer get lost that says that the key is forgotten, and then the call itself.
func TestNotSaved(t *testing.T) {
	w, p := granted(t, "authToken"), arrives(t)
	p.opens(w.link())
	p.presses("show")
	p.sees(shown)
	for _, stage := range []fetch.RequestStage{fetch.RequestStageResponse, fetch.RequestStageRequest} {
		lost := p.loses(stage)
		p.presses("saved")
		lost()
		p.says("That did not reach the desk.")
		if len(p.key()) != 1 {
			t.Fatal("the key is gone before the desk knows")
		}
	}
	p.presses("saved")
	p.sees(done)
}

// TestWithoutStorage claims in a browser that keeps nothing: the link stays in the address bar, since it stands nowhere else.
func TestWithoutStorage(t *testing.T) {
	w, p := granted(t, "authToken"), arrives(t)
	command(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("forbidden", "SecurityError"); } });`,
	})
	p.opens(w.link())
	p.sees(ready)
	if finds[string](p, `location.href`) != w.link() {
		t.Error("the link is nowhere any more")
	}
	lost := p.loses(fetch.RequestStageResponse)
	p.presses("show")
	lost()
	p.says("No answer came.")
	p.presses("show")
	p.sees(shown)
}

// TestAnotherLink follows a second link in the tab that shows the first one's key, goes back, and follows one that is cut off.
func TestAnotherLink(t *testing.T) {
	first, second, p := granted(t, "authToken"), granted(t, "authToken"), arrives(t)
	p.opens(first.link())
	p.presses("show")
	p.sees(shown)
	key := p.key()
	finds[any](p, `location.href = "`+second.link()+`"`) // the same page: only the fragment is another
	p.sees(ready)
	p.presses("show")
	p.sees(shown)
	if other := p.key(); other[0] == key[0] {
		t.Error("the second link shows the first one's key")
	}
	p.do(chromedp.Navigate("about:blank"))
	finds[any](p, `history.back()`)
	p.sees(ready)
	if len(p.key()) != 0 {
		t.Error("whoever goes back finds the key on the page")
	}
	for _, link := range []string{first.link()[:len(first.link())-1], base + "/console/claim#" + first.request, base + "/console/claim#<img src=x>"} {
		p.opens(link)
		if p.reads("h1")[0] == ready {
			p.presses("show")
		}
		p.sees(wrong)
	}
}

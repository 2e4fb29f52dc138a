// Package browser holds no code: its tests, under the build tag browser, try the desk's pages in a real Chromium, as people use
// them, at a desk that runs somewhere. KEYDESK_URL and the credentials of .local/env say which; `make test-browser` starts one.
package browser

package oidc

import (
	"net/http"

	"balcao/kiosk"
	"balcao/kiosk/login"
)

// Pages draw what a person sees, and know a browser again by its cookies. ui/web has them.
type Pages interface {
	// Browser is the value of a browser's cookie, which is set where there is none.
	Browser(w http.ResponseWriter, r *http.Request) string
	// Show draws the page of a visit's step.
	Show(w http.ResponseWriter, r *http.Request, page login.Page)
	// Read reads what the person did on that page. It checks that the form is one of that page, in that browser.
	Read(r *http.Request, page login.Page) (login.Action, error)
	// Fail draws the page of an error of kiosk/login; ErrBusy and ErrUnavailable are 503 with Retry-After.
	Fail(w http.ResponseWriter, r *http.Request, err error)
	// Session is the token of who is signed in with this browser, or "". SignedIn and SignedOut set and clear it.
	Session(r *http.Request) string
	SignedIn(w http.ResponseWriter, token string)
	SignedOut(w http.ResponseWriter)
	// Language is what the person chose, what the visit has, or what the service or the browser asks for.
	Language(w http.ResponseWriter, r *http.Request, visit kiosk.Language, asked []kiosk.Language) kiosk.Language
}

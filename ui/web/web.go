// Package web is what people see in a browser: the pages of a sign-in, which kiosk/login/oidc shows for services, and the
// pages at which a holder sees and governs their key.
//
//	pages, err := web.New(options)
//	mux.Handle("/", pages.Handler())   // the holder's own pages, and the style sheet
//	pages.Show(w, r, visit.Page(now))  // a service's visit, at the service's path
//
// Pages are HTML that needs no script, in ten languages, and ask nothing of another host: the policy they are sent with
// allows no script at all, no frame, and forms to this host alone. What is typed is read as bytes and wiped.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"balcao/assets/i18n"
	"balcao/kiosk"
	"balcao/kiosk/paper"
)

//go:embed pages/*.html
var sources embed.FS

//go:embed look.css
var look []byte

// style is where the style sheet is: another text is at another place, so that browsers may keep it for good.
var style = func() string {
	sum := sha256.Sum256(look)
	return "/look." + hex.EncodeToString(sum[:8]) + ".css"
}()

// templates are the pages by name, each in the frame.
var templates = func() map[string]*template.Template {
	all := make(map[string]*template.Template)
	for _, name := range []string{"sign_in", "code", "consent", "key", "act", "message", "stored"} {
		all[name] = template.Must(template.ParseFS(sources, "pages/frame.html", "pages/"+name+".html"))
	}
	return all
}()

// Options are what pages need.
type Options struct {
	Own    Own                        // what the holder's own pages do; nil: there are only services
	Source func(*http.Request) []byte // what the centre may know of where somebody comes from (signin.Try.Source); nil: nothing
	Press  *paper.Press               // draws what is stored as PDF; nil: on the page only
	Zone   *time.Location             // in which times are written; nil: Lisbon's
	Now    func() time.Time           // nil: time.Now
	Log    *slog.Logger               // told of errors, never of people; nil: nobody
}

// Pages writes pages and reads what they send. It is safe for concurrent use.
type Pages struct {
	Options
	cross *http.CrossOriginProtection
}

// New returns Pages. The error is of a zone that this system does not know.
func New(o Options) (*Pages, error) {
	if o.Zone == nil {
		lisbon, err := time.LoadLocation("Europe/Lisbon")
		if err != nil {
			return nil, fmt.Errorf("loading the time zone of pages: %w", err)
		}
		o.Zone = lisbon
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Source == nil {
		o.Source = func(*http.Request) []byte { return nil }
	}
	return &Pages{o, http.NewCrossOriginProtection()}, nil
}

// frame is what every page shows.
type frame struct {
	words
	Title   string
	Asks    string // who asks
	Problem string // what went wrong, about the whole page
	Failed  bool   // something on it is wrong
	Token   string // of its forms
	Home    bool   // it is the holder's own
	Cancel  bool   // a service waits for an answer
	Style   string
	Tongues []tongue
}

// HeadTitle is what the browser's bar and screen readers say first (WCAG 2.2 §2.4.2): errors come before.
func (f frame) HeadTitle() string {
	title := f.Title + " – Chave Móvel Digital"
	if f.Failed {
		return f.F("web.error_title", "Title", title)
	}
	return title
}

// words speaks one language.
type words struct {
	Language kiosk.Language
	zone     *time.Location
	now      time.Time
}

// T is a text of the catalogue.
func (w words) T(key string) string { return i18n.Text(string(w.Language), key, nil) }

// F is a text with a value in it.
func (w words) F(key, name string, value any) string {
	return i18n.Text(string(w.Language), key, map[string]any{name: value})
}

// page begins a page in the language of who reads it. What is asked for by the page stands in the title.
func (p *Pages) page(w http.ResponseWriter, r *http.Request, language kiosk.Language, title string) frame {
	spoken := words{language, p.Zone, p.Now()}
	return frame{words: spoken, Title: spoken.T(title), Style: style, Token: p.token(w, r, r.URL.Path), Tongues: tonguesFor(r, language)}
}

// Policies of where forms lead. Chromium holds a form to it through every redirect that follows (CSP 3 §6.4.1 leaves
// that open). A page that asks for a PIN or a code is answered by this host. Where a person lets go what a service
// receives, or turns back, the answer leads to the service, and from there perhaps to another host of its owner's, which
// nobody here knows: any https, and the scheme of the service's own address where that is another (an app's, or the
// loopback's). Nothing secret is typed there.
const formsHere = "'self'"

func formsTo(address string) string {
	scheme, _, _ := strings.Cut(address, ":")
	for _, c := range scheme {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789+-.", c) {
			scheme = ""
		}
	}
	if scheme == "" || scheme == "https" || scheme == "javascript" || scheme == "data" {
		return "'self' https:"
	}
	return "'self' https: " + scheme + ":"
}

// protect sets what every answer has. A page is kept nowhere, framed by nobody, and says nothing of itself to where it leads.
func protect(h http.Header, forms string) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action "+forms+"; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
}

// write sends a page.
func (p *Pages) write(w http.ResponseWriter, status int, name, forms string, view any) {
	var page bytes.Buffer
	if err := templates[name].ExecuteTemplate(&page, "frame", view); err != nil {
		p.Log.Error("writing a page", "page", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	protect(w.Header(), forms)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // a browser that went away is nobody's problem
}

// serveStyle sends the style sheet.
func serveStyle(w http.ResponseWriter, _ *http.Request) {
	protect(w.Header(), formsHere)
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(look)
}

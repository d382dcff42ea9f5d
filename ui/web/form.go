package web

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
)

// Names of the cookies. With the prefix a browser takes them from this host alone, over TLS (RFC 6265bis §4.1.3.2): a
// neighbour's host can plant neither.
const (
	browserCookie = "__Host-balcao-visit"
	sessionCookie = "__Host-balcao"
)

// tokenLength is that of a cookie's value in bytes.
const tokenLength = 32

// ErrForged says that a form was not sent from a page of this browser's.
var ErrForged = errors.New("the form is not from a page of this browser's")

// ErrForm says that what was sent is no form of these pages.
var ErrForm = errors.New("what was sent is no form of these pages")

// setCookie has a browser keep a cookie until it is closed. Lax, since people come from services: a page of theirs that
// leads here is to find who has signed in.
func setCookie(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// Session is the token of who has signed in, "" for nobody.
func (p *Pages) Session(r *http.Request) string {
	if cookie, err := r.Cookie(sessionCookie); err == nil && isToken(cookie.Value) {
		return cookie.Value
	}
	return ""
}

// SignedIn has the browser keep the token of who has signed in. Give it a new one each time: nobody signs in to what
// somebody else began.
func (p *Pages) SignedIn(w http.ResponseWriter, token string) { setCookie(w, sessionCookie, token) }

// SignedOut has the browser forget who was here: forms of their pages are worth nothing either.
func (p *Pages) SignedOut(w http.ResponseWriter) {
	dropCookie(w, sessionCookie)
	dropCookie(w, browserCookie)
	w.Header().Set("Clear-Site-Data", `"cache"`)
}

func dropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// Browser is by what a browser is known on its way: a cookie's value, made when there is none. A visit is bound to its
// hash, so that an address which somebody else opens or passes on leads nowhere.
func (p *Pages) Browser(w http.ResponseWriter, r *http.Request) string {
	if cookie, err := r.Cookie(browserCookie); err == nil && isToken(cookie.Value) {
		return cookie.Value
	}
	fresh := make([]byte, tokenLength)
	if _, err := rand.Read(fresh); err != nil {
		panic("web: no randomness") // crypto/rand never returns one
	}
	value := base64.RawURLEncoding.EncodeToString(fresh)
	setCookie(w, browserCookie, value)
	r.AddCookie(&http.Cookie{Name: browserCookie, Value: value}) // for who asks again
	return value
}

func isToken(value string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
	return err == nil && len(raw) == tokenLength
}

// token is what a form at a path sends back to show that this browser was sent it.
func (p *Pages) token(w http.ResponseWriter, r *http.Request, path string) string {
	return formToken(p.Browser(w, r), path)
}

func formToken(browser, path string) string {
	mac := hmac.New(sha256.New, []byte(browser))
	mac.Write([]byte("balcao form v1\x00" + path))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// maxForm is the most that a form of these pages has, in bytes.
const maxForm = 8 << 10

// form is what a page sent. Its values lie in one buffer, which wipe clears.
//
// net/http has read it before, and keeps copies that nobody reaches: a connection's buffer of HTTP/1.1 and the frames of
// HTTP/2 are overwritten by what comes next, and crypto/tls decrypts into a buffer of its own. It makes no string of a
// body unless Request.ParseForm is called, which is called nowhere on the way of a PIN; a string could not be wiped.
type form struct {
	raw    []byte
	values map[string][][]byte
}

// read reads a form and checks that this browser was sent it at this path. ErrForged and ErrForm are the sender's.
func (p *Pages) read(r *http.Request) (*form, error) {
	if p.cross.Check(r) != nil {
		return nil, ErrForged
	}
	cookie, err := r.Cookie(browserCookie)
	if err != nil || !isToken(cookie.Value) {
		return nil, ErrForged
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, ErrForm
	}
	f := &form{raw: make([]byte, maxForm+1), values: make(map[string][][]byte)}
	n, err := io.ReadFull(r.Body, f.raw)
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) || !f.parse(f.raw[:n]) {
		f.wipe()
		return nil, ErrForm
	}
	if !hmac.Equal(f.bytes("token"), []byte(formToken(cookie.Value, r.URL.Path))) {
		f.wipe()
		return nil, ErrForged
	}
	return f, nil
}

// parse reads application/x-www-form-urlencoded (URL Standard §5.1) in its place: what is decoded is never longer.
func (f *form) parse(raw []byte) bool {
	for pair := range bytes.SplitSeq(raw, []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte("="))
		name, nameOK := unescape(name)
		value, valueOK := unescape(value)
		if !nameOK || !valueOK {
			return false
		}
		f.values[string(name)] = append(f.values[string(name)], value)
	}
	return true
}

func unescape(text []byte) ([]byte, bool) {
	to := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(text) {
				return nil, false
			}
			high, low := unhex(text[i+1]), unhex(text[i+2])
			if high < 0 || low < 0 {
				return nil, false
			}
			c, i = byte(high<<4|low), i+2
		}
		text[to] = c
		to++
	}
	clear(text[to:])
	return text[:to], true
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// bytes is a value, which lies in the form's buffer; nil where there is none.
func (f *form) bytes(name string) []byte {
	if values := f.values[name]; len(values) > 0 {
		return values[0]
	}
	return nil
}

// digits is a value without the blanks that people and autofill put into numbers.
func (f *form) digits(name string) []byte {
	value := f.bytes(name)
	kept := value[:0]
	for _, c := range value {
		if c != ' ' && c != '-' {
			kept = append(kept, c)
		}
	}
	return kept
}

// text is a value that is no secret.
func (f *form) text(name string) string { return string(f.bytes(name)) }

// has reports whether one of the values of a name is that.
func (f *form) has(name, value string) bool {
	for _, one := range f.values[name] {
		if string(one) == value {
			return true
		}
	}
	return false
}

func (f *form) wipe() {
	clear(f.raw)
	clear(f.values)
}

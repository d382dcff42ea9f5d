package main

import (
	_ "embed"
	"os"
	"regexp"
	"strings"
	"unicode"
)

// knownWords are the words of the program's own texts and of Go's errors.
//
//go:embed support_words.txt
var knownWords string

// driverFiles list the readers that the installed drivers know, by the names that PC/SC then calls them.
const driverFiles = "/usr/lib/pcsc/drivers/*/Contents/Info.plist"

// wording lets through, of text that comes from elsewhere, only what cannot be personal: words that the program knows.
// What is not known is left out, whatever it looks like; so nothing has to be recognised as a name or a number.
type wording struct {
	known   map[string]bool
	readers []string // names in drivers' files
}

// newWording knows the program's words, and those of the readers in drivers' files.
func newWording(drivers string) wording {
	w := wording{known: map[string]bool{}}
	for _, word := range strings.Fields(knownWords) {
		w.known[word] = true
	}
	for _, bundle := range driverBundles(drivers) {
		for _, name := range bundle.Readers {
			w.readers = append(w.readers, name)
			for _, t := range tokens(name) {
				if t.word && !allDigits(t.text) && len(t.text) > 1 { // a model's digits alone could be anybody's PIN
					w.known[strings.ToLower(t.text)] = true
				}
			}
		}
	}
	return w
}

// longestText bounds one text, in bytes.
const longestText = 2000

// plain is text with everything left out that is not known; "…" stands for it. Numbers of one or two digits stay, unless
// others stand beside them: telephone numbers and PINs are written so.
func (w wording) plain(text string) string {
	text = text[:min(len(text), longestText)]
	all := tokens(text)
	var b strings.Builder
	gap := false // what was written last is "…"
	for i, t := range all {
		switch {
		case !t.word:
			if separators := safe(t.text); !gap || !leadsToGap(w, all, i+1) {
				b.WriteString(separators)
			}
		case w.keeps(all, i):
			b.WriteString(t.text)
			gap = false
		case !gap:
			b.WriteString("…")
			gap = true
		}
	}
	return strings.TrimSpace(b.String())
}

// leadsToGap reports whether the next token is left out, or there is none.
func leadsToGap(w wording, all []token, i int) bool { return i < len(all) && !w.keeps(all, i) }

// keeps reports whether a token that is a word may be told.
func (w wording) keeps(all []token, i int) bool {
	text := all[i].text
	before := ""
	if i >= 2 {
		before = strings.ToLower(all[i-2].text)
	}
	switch {
	case before == "answered" && statusWord.MatchString(text), before == "http" && httpStatus.MatchString(text):
		return true
	case !allDigits(text):
		return w.known[strings.ToLower(text)]
	case len(text) > 2:
		return false
	}
	// The numbers around this one.
	run := 1
	for j := i - 2; j >= 0 && allDigits(all[j].text); j -= 2 {
		run++
	}
	for j := i + 2; j < len(all) && allDigits(all[j].text); j += 2 {
		run++
	}
	return run == 1
}

var (
	statusWord = regexp.MustCompile(`^[69][0-9A-F]{3}$`) // ISO/IEC 7816-4:2020 §5.6
	httpStatus = regexp.MustCompile(`^[1-5][0-9]{2}$`)
)

// token is a run of letters and digits, or what stands between two.
type token struct {
	text string
	word bool
}

// tokens splits a text. Words and what is between them take turns.
func tokens(text string) []token {
	var all []token
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		word := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == unicode.ReplacementChar
		if n := len(all); n > 0 && all[n-1].word == word {
			all[n-1].text += string(r)
			continue
		}
		all = append(all, token{string(r), word})
	}
	return all
}

func allDigits(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}

// safe keeps of what stands between words the punctuation of sentences, paths and names of files.
func safe(between string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(` .,:;/-_()[]"'=+%×—`, r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, between)
}

// finding is a finding whose texts quote what comes from elsewhere.
func (w wording) finding(f finding) finding {
	f.Title, f.Cause, f.Cure = w.plain(f.Title), w.plain(f.Cause), w.plain(f.Cure)
	return f
}

// readerNumbers is how pcsc-lite ends the name of a reader: its number, and that of the slot, in hexadecimal.
var readerNumbers = regexp.MustCompile(` [0-9A-F]{2} [0-9A-F]{2}$`)

// reader is a reader's PC/SC name: as the driver's file has it, and of the rest the words that are known. pcsc-lite puts
// an interface's name and a serial number between that and the numbers at the end.
func (w wording) reader(name string) string {
	end := readerNumbers.FindString(name)
	name = strings.TrimSuffix(name, end)
	model := ""
	for _, known := range w.readers {
		if len(known) > len(model) && strings.HasPrefix(name+" ", known+" ") {
			model = known
		}
	}
	return strings.TrimSpace(model+" "+w.plain(name[len(model):])) + end
}

// driverBundle is what a driver of pcscd says of itself.
type driverBundle struct {
	Path    string   `json:"path"`
	Version string   `json:"version"`
	Devices []string `json:"-"` // "0x1234:0x5678"
	Readers []string `json:"-"` // their names
}

var (
	plistVersion = regexp.MustCompile(`<key>CFBundleShortVersionString</key>\s*<string>([0-9.]+)</string>`)
	plistArray   = regexp.MustCompile(`(?s)<key>(ifd\w+)</key>\s*<array>(.*?)</array>`)
	plistString  = regexp.MustCompile(`<string>([^<]*)</string>`)
)

// driverBundles reads the drivers' property lists. One that cannot be read is left out: pcscd cannot read it either.
func driverBundles(pattern string) []driverBundle {
	var all []driverBundle
	for _, path := range matches(pattern) {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		bundle := driverBundle{Path: path}
		if v := plistVersion.FindSubmatch(raw); v != nil {
			bundle.Version = string(v[1])
		}
		lists := map[string][]string{}
		for _, array := range plistArray.FindAllSubmatch(raw, -1) {
			for _, s := range plistString.FindAllSubmatch(array[2], -1) {
				lists[string(array[1])] = append(lists[string(array[1])], strings.TrimSpace(string(s[1])))
			}
		}
		bundle.Readers = lists["ifdFriendlyName"]
		vendors, products := lists["ifdVendorID"], lists["ifdProductID"]
		for i := range min(len(vendors), len(products)) {
			bundle.Devices = append(bundle.Devices, strings.ToLower(vendors[i]+":"+products[i]))
		}
		all = append(all, bundle)
	}
	return all
}

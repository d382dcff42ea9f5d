package ui_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// rawKey is a catalogue key that reached a screen because it has no text.
var rawKey = regexp.MustCompile(`\b(access|action|activity|bring|assurance|check|check_state|citizen|contact|document|done|error|fault|identity|independence|mrz|pin|problem|reading|reason|review|seen|status|step)\.[a-z_]+\b`)

// constants returns the values of the string constants of a type of package kiosk: the catalogue has to
// follow the vocabulary, also where a word was added yesterday.
func constants(t *testing.T, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob("../kiosk/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("listing package kiosk: %v", err)
	}
	var found []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Type == nil {
				return true
			}
			if ident, ok := spec.Type.(*ast.Ident); !ok || ident.Name != typeName {
				return true
			}
			for _, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil && text != "" {
						found = append(found, text)
					}
				}
			}
			return true
		})
	}
	if len(found) == 0 {
		t.Fatalf("no constants of type %s", typeName)
	}
	return found
}

func TestVocabularyHasTexts(t *testing.T) {
	for _, word := range []struct{ typeName, before, after string }{
		{"ProblemCode", "problem.", ".title"}, {"ProblemCode", "problem.", ".what"},
		{"ProblemCode", "problem.", ".means"}, {"ProblemCode", "problem.", ".next"},
		{"Reason", "problem.", ".title"}, {"Reason", "problem.", ".what"},
		{"Reason", "problem.", ".means"}, {"Reason", "problem.", ".next"},
		{"Reason", "reason.", ""}, {"CheckName", "check.", ""}, {"PINRule", "pin.rule.", ""}, {"PINRule", "citizen.pin.breaks_", ""},
		{"ContactProblem", "contact.problem.", ""}, {"Delivery", "contact.delivery.", ""},
		{"Slot", "status.slot.", ""}, {"Health", "status.centre.", ""}, {"Health", "status.delivery.", ""},
		{"PINPhase", "pin.phase.", ""}, {"ReviewPhase", "review.phase.", ""}, {"Level", "level.", ""}, {"Level", "assurance.", ""},
		{"AccessKind", "access.title_", ""}, {"AccessKind", "access.label_", ""}, {"AccessKind", "access.wrong_", ""}, {"AccessKind", "access.field_", ""},
		{"SeenKind", "seen.", ""}, {"Independence", "independence.", ""}, {"Independence", "independence.", "_means"},
		{"Requirement", "fault.", "_missing"}, {"Requirement", "fault.", "_wrong"}, {"PaperFault", "fault.paper_", ""},
		{"DocumentKind", "document.kind.", ""}, {"Channel", "contact.awaiting_", ""},
		{"KeyStatus", "key.state.", ""}, {"KeyReason", "key.reason.", ""}, {"NumberKind", "number.", ""}, {"NumberSource", "number.source_", ""},
		{"SearchKind", "search.kind_", ""}, {"SearchKind", "search.text_", ""}, {"SearchKind", "search.invalid_", ""}, {"SearchReason", "search.reason_", ""},
		{"TryProblem", "try.problem_", ""}, {"TryProblem", "citizen.try.problem_", ""}, {"PrintWhat", "print.title_", ""}, {"FailReason", "contact.fail_", ""},
		{"Need", "preflight.need_", ""}, {"Lack", "preflight.lack_", ""},
		{"AlertDecision", "alert.decide_", ""}, {"AlertDecision", "alert.decide_", "_means"}, {"AlertDecision", "alert.decided_then_", ""},
	} {
		for _, value := range constants(t, word.typeName) {
			if word.typeName == "Channel" && value == string(kiosk.Letter) {
				continue // no code is awaited from a letter
			}
			if value == string(kiosk.RequireSpelling) {
				continue // says which name and why: SpellingFault
			}
			key := word.before + value + word.after
			for _, language := range i18n.Languages {
				if !i18n.Has(language, key) {
					t.Errorf("%s: no text for %s", language, key)
				}
			}
		}
	}
}

// TestGroupsHaveTexts: the groups of a zone have names on the screen. They are constants without a type, of a
// package that this one does not know.
func TestGroupsHaveTexts(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../cardreader/mrz/layout.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Group") {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		name, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		names++
		for _, key := range []string{"mrz.group." + name, "mrz.in." + name} {
			for _, language := range i18n.Languages {
				if !i18n.Has(language, key) {
					t.Errorf("%s: no text for %s", language, key)
				}
			}
		}
		return true
	})
	if names < 10 {
		t.Errorf("found %d groups; the constants are elsewhere now", names)
	}
}

// TestWordsOfTheRunnerHaveTexts: what is going on and who answered are said by packages that this one does not
// know.
func TestWordsOfTheRunnerHaveTexts(t *testing.T) {
	for _, words := range []struct {
		files  string
		word   *regexp.Regexp
		before string
		least  int
	}{
		{"../kiosk/desk/*.go", regexp.MustCompile(`"activity\.([a-z_]+)"`), "activity.", 5},
		{"../kiosk/examine/*.go", regexp.MustCompile(`Source[A-Z]\w*\s*=\s*"(\w+)"`), "check_source.", 3},
	} {
		files, err := filepath.Glob(words.files)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, name := range files {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range words.word.FindAllStringSubmatch(string(raw), -1) {
				found++
				for _, language := range i18n.Languages {
					if key := words.before + strings.ToLower(match[1]); !i18n.Has(language, key) {
						t.Errorf("%s: no text for %s", language, key)
					}
				}
			}
		}
		if found < words.least {
			t.Errorf("%s: found %d words, want at least %d", words.files, found, words.least)
		}
	}
}

// TestEveryTextIsUsed finds texts that nobody asks for: each key, or its beginning up to a dot or an
// underscore that is completed at run time, stands in the source.
func TestEveryTextIsUsed(t *testing.T) {
	var source strings.Builder
	views, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	presenters, err := filepath.Glob("present/*.go")
	if err != nil {
		t.Fatal(err)
	}
	papers, err := filepath.Glob("../kiosk/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("web/*.go") // what their templates say, ui/web tests
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(views, presenters, papers, pages) {
		if !strings.HasSuffix(name, "_test.go") {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(raw)
		}
	}
	code := source.String()
	for _, key := range i18n.Keys("pt") {
		if !used(code, key) {
			t.Errorf("nothing shows %s", key)
		}
	}
}

func used(code, key string) bool {
	key = strings.TrimSuffix(key, "_travel") // the same text in the words of travel documents
	if strings.HasPrefix(key, "activity.") || strings.HasPrefix(key, "reading.") {
		return true // named by the runner; named by the page
	}
	for end := len(key); end > 0; {
		if strings.Contains(code, strconv.Quote(key[:end])) {
			return true
		}
		cut := strings.LastIndexAny(key[:end-1], "._")
		if cut < 0 {
			break
		}
		end = cut + 1
	}
	// The page's own name is put before "title" and "text".
	return strings.HasSuffix(key, ".title") || strings.HasPrefix(key, "citizen.") && strings.HasSuffix(key, ".text")
}

package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath string
	Name       string
	Imports    []string
	Deps       []string
}

// mayImport lists, for each room, the rooms it may import. A room is the longest matching prefix; a
// package may always import its own room. What is not listed is not allowed.
var mayImport = map[string][]string{
	"cmd":                    {"kiosk", "cardreader", "ui", "assets", "mock-pcsc"},
	"ui":                     {"kiosk", "assets", "ui/theme", "ui/present"},
	"ui/present":             {"kiosk", "assets"},
	"ui/web":                 {"kiosk", "kiosk/login", "kiosk/paper", "assets"},
	"ui/theme":               {"assets"},
	"kiosk":                  {"cardreader/mrz"}, // as pure as itself
	"kiosk/seal":             {},
	"kiosk/trust/staff":      {"kiosk/trust"},
	"kiosk/trust":            {"kiosk/trust/cms", "kiosk/trust/icao"},
	"kiosk/trust/cms":        {"kiosk/trust/icao"},
	"kiosk/trust/icao":       {"cardreader/curve"},
	"kiosk/trust/country":    {"kiosk/trust", "kiosk/trust/cms", "kiosk/trust/icao"},
	"kiosk/delivery":         {"kiosk"},
	"kiosk/primary":          {},
	"kiosk/ledger":           {"kiosk/record", "kiosk/primary"},
	"kiosk/watch":            {},
	"kiosk/paper":            {"kiosk", "assets"},
	"kiosk/central":          {"kiosk", "kiosk/record", "kiosk/transcript", "kiosk/trust/staff"},
	"kiosk/central/door":     {"kiosk", "kiosk/central", "kiosk/central/deskca", "kiosk/ledger", "kiosk/primary", "kiosk/record", "kiosk/transcript", "kiosk/trust/staff"},
	"kiosk/central/cluster":  {"kiosk/central"}, // of the demonstration and of tests
	"kiosk/canonical":        {},
	"kiosk/record":           {"kiosk/canonical"},
	"kiosk/signin":           {"kiosk"},
	"kiosk/login":            {"kiosk", "kiosk/signin", "kiosk/record", "kiosk/canonical"},
	"kiosk/login/oidc":       {"kiosk", "kiosk/login"},
	"kiosk/transcript":       {"kiosk", "kiosk/canonical"},
	"kiosk/examine":          {"kiosk", "kiosk/transcript", "kiosk/trust", "kiosk/trust/cms", "kiosk/trust/country", "kiosk/trust/icao", "cardreader/citizencard", "cardreader/travel", "cardreader/mrz"},
	"kiosk/evidence":         {"kiosk", "kiosk/canonical", "kiosk/record", "kiosk/transcript", "kiosk/examine", "kiosk/trust", "kiosk/trust/staff", "cardreader/citizencard", "cardreader/travel"},
	"kiosk/desk":             {"kiosk", "kiosk/central", "kiosk/transcript", "kiosk/examine", "kiosk/seal", "kiosk/paper", "cardreader"},
	"kiosk/kiosktest":        {"kiosk", "kiosk/record", "kiosk/seal", "kiosk/signin", "cardreader", "kiosk/central", "kiosk/central/cluster", "kiosk/central/door", "kiosk/delivery", "kiosk/desk", "kiosk/examine", "kiosk/registrar", "kiosk/transcript", "kiosk/trust", "kiosk/trust/country", "kiosk/trust/staff", "mock-pcsc", "assets"},
	"kiosk/registrar":        {"kiosk", "kiosk/primary", "kiosk/transcript", "kiosk/evidence", "kiosk/delivery", "kiosk/record", "kiosk/seal", "kiosk/signin", "kiosk/trust/staff", "cardreader/travel"},
	"cardreader":             {"cardreader/iso7816"},
	"cardreader/iso7816":     {},
	"cardreader/citizencard": {"cardreader/iso7816"},
	"cardreader/staffcard":   {"cardreader", "cardreader/iso7816"}, // piv-go opens a reader by itself
	"cardreader/curve":       {},
	"cardreader/mrz":         {},
	"cardreader/travel":      {"cardreader/iso7816", "cardreader/curve", "cardreader/mrz"},
	"mock-pcsc":              {"assets", "ui/theme"},
	"assets":                 {},
}

// room returns the longest key of mayImport that path lies in.
func room(path string) string {
	best := ""
	for r := range mayImport {
		if (path == r || strings.HasPrefix(path, r+"/")) && len(r) > len(best) {
			best = r
		}
	}
	return best
}

// allowed reports whether a package of room from may import a package of room to. Naming a room
// allows its sub-rooms when the room itself is not split further in the table.
func allowed(from, to string) bool {
	if from == to {
		return true
	}
	for _, r := range mayImport[from] {
		if to == r || from == "cmd" && strings.HasPrefix(to, r+"/") {
			return true
		}
		if r == "cardreader" && strings.HasPrefix(to, "cardreader/") {
			return true
		}
	}
	return false
}

func TestArrowsPointOneWay(t *testing.T) {
	for _, p := range listPackages(t) {
		from := strings.TrimPrefix(p.ImportPath, "balcao/")
		if room(from) == "" {
			t.Errorf("%s lies in no room of the house", from)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, "balcao/")
			if to == "kiosk/kiosktest" && from != "cmd/bench" {
				t.Errorf("%s imports %s, which is for tests and cmd/bench", from, to)
			}
			if ours && !allowed(room(from), room(to)) {
				t.Errorf("%s imports %s: room %q may not import %q", from, to, room(from), room(to))
			}
		}
	}
}

func TestOnlyCardreaderLinksPCSC(t *testing.T) {
	for _, p := range listPackages(t) {
		path := strings.TrimPrefix(p.ImportPath, "balcao/")
		if slices.Contains(p.Imports, "github.com/ebfe/scard") && path != "cardreader" {
			t.Errorf("%s imports ebfe/scard; only cardreader may", path)
		}
		if slices.Contains(p.Imports, "github.com/go-piv/piv-go/v2/piv") && path != "cardreader/staffcard" {
			t.Errorf("%s imports piv-go; only cardreader/staffcard may", path)
		}
		server := path == "cmd/registrar" || path == "cmd/centre" || strings.HasPrefix(path, "kiosk/registrar") ||
			strings.HasPrefix(path, "kiosk/central/door") || path == "cmd/login" || strings.HasPrefix(path, "kiosk/login") || path == "ui/web" ||
			path == "kiosk/evidence" || path == "kiosk/examine" || path == "kiosk/transcript"
		if server && slices.Contains(p.Deps, "github.com/ebfe/scard") {
			t.Errorf("%s links libpcsclite: a server must not", path)
		}
	}
}

// unshipped are the programs that only developers and testers run.
var unshipped = []string{"bench", "bench/emptywindow", "demo", "mock-pcsc"}

// forTests begins the paths of what only unshipped programs may link: emulated cards and their
// cryptography, test keys, a private PostgreSQL, invented people, test frameworks.
var forTests = regexp.MustCompile(
	`^(balcao/(mock-pcsc|assets/testpki|kiosk/central/cluster|cmd/(bench|demo))|testing|` +
		`github\.com/(keybase/go-crypto|aead/cmac)|pgregory\.net/rapid)(/|$)`)

// TestShippedProgramsLinkNothingForTests: a key that is published with the source must be in no
// program that decides whom to believe.
func TestShippedProgramsLinkNothingForTests(t *testing.T) {
	links := map[string][]string{}
	for _, p := range listPackages(t) {
		if path, ours := strings.CutPrefix(p.ImportPath, "balcao/cmd/"); ours && p.Name == "main" {
			links[path] = slices.DeleteFunc(p.Deps, func(d string) bool { return !forTests.MatchString(d) })
		}
	}
	for _, path := range unshipped {
		if _, is := links[path]; !is {
			t.Errorf("%s is listed as unshipped and is no program", path)
		}
	}
	for _, path := range []string{"centre", "kiosk", "kioskctl", "login", "registrar"} {
		if _, is := links[path]; !is {
			t.Errorf("cmd/%s is no program", path)
		}
	}
	if len(links["demo"]) == 0 {
		t.Error("the demonstration links nothing for tests: forTests matches nothing")
	}
	for path, deps := range links {
		if !slices.Contains(unshipped, path) && len(deps) > 0 {
			t.Errorf("cmd/%s is shipped and links %s", path, strings.Join(deps, ", "))
		}
	}
}

func TestTheDomainKnowsNoTechnology(t *testing.T) {
	never := map[string][]string{
		"balcao/kiosk":      {"github.com/jackc/pgx", "fyne.io/fyne", "github.com/ebfe/scard", "github.com/prometheus", "balcao/"},
		"balcao/ui/present": {"fyne.io/fyne"}, // what a screen shows is known without a widget
		// A desk calls the centre's door, and cannot speak to its database; nobody scrapes it.
		"balcao/kiosk/central": {"github.com/jackc/pgx", "github.com/prometheus"},
		"balcao/cmd/kiosk":     {"github.com/jackc/pgx", "github.com/prometheus"},
		// The door holds neither pepper nor sealing key, and decides nothing.
		"balcao/cmd/centre":    {"fyne.io/fyne", "balcao/ui", "balcao/kiosk/registrar", "balcao/kiosk/seal", "filippo.io/age"},
		"balcao/cmd/registrar": {"fyne.io/fyne", "balcao/ui"},
		// The sign-in service has the pepper, and nothing that makes a key.
		"balcao/cmd/login":   {"fyne.io/fyne", "balcao/ui/theme", "balcao/ui/present", "balcao/kiosk/registrar", "balcao/kiosk/seal", "filippo.io/age"},
		"balcao/kiosk/login": {"github.com/luikyv/go-oidc", "html/template"},
	}
	for _, p := range listPackages(t) {
		for _, dep := range p.Deps {
			if dep == "balcao/cardreader/mrz" {
				continue
			}
			if slices.ContainsFunc(never[p.ImportPath], func(bad string) bool { return strings.HasPrefix(dep, bad) }) {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

func TestTopLevelIsTheAgreedOne(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "--full-name", ":/").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	want := []string{
		".ci", ".gitignore", ".golangci.yml", "Makefile", "README.md", "assets", "cardreader", "cmd", "go.mod", "go.sum",
		"kiosk", "mock-pcsc", "ui",
	}
	var got []string
	for file := range strings.Lines(string(out)) {
		top, _, _ := strings.Cut(strings.TrimSpace(file), "/")
		got = append(got, top)
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("got at the top level %v, want %v", got, want)
	}
}

// link is a picture or a page of the repository in Markdown; those of the web have a colon.
var link = regexp.MustCompile(`\]\(([^):]+)\)`)

func TestPagesLinkToWhatIsThere(t *testing.T) {
	pages, err := filepath.Glob("../assets/doc/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages in assets/doc: %v", err)
	}
	linked := map[string]bool{}
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range link.FindAllSubmatch(text, -1) {
			file, _, _ := strings.Cut(string(l[1]), "#")
			target := filepath.Join(filepath.Dir(page), file)
			linked[target] = true
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s points to %s, which is not there", page, l[1])
			}
		}
	}
	for _, page := range pages {
		if !linked[page] {
			t.Errorf("no page points to %s", page)
		}
	}
}

// named is a file or folder of the repository that a page names as code.
var named = regexp.MustCompile("`((?:assets|cardreader|cmd|kiosk|mock-pcsc|ui)/[a-z0-9_./-]*[a-z0-9])`")

func TestPagesNameWhatIsThere(t *testing.T) {
	pages, err := filepath.Glob("../assets/doc/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, "../README.md") {
		if filepath.Base(page) == "changelog.md" {
			continue // names what was there then
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range named.FindAllSubmatch(text, -1) {
			found++
			name := string(n[1])
			if _, err := os.Stat(filepath.Join("..", name)); err != nil {
				t.Errorf("%s names %s, which is not there", page, name)
			}
		}
	}
	if found < 20 {
		t.Errorf("the pages name %d files; want more", found)
	}
}

// TestTheReadmeIsShort: what is longer has a page in assets/doc.
func TestTheReadmeIsShort(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if words := len(bytes.Fields(readme)); words > 1200 {
		t.Errorf("README.md has %d words; want at most 1200", words)
	}
}

func TestNoPackageIsNamedForNothing(t *testing.T) {
	for _, p := range listPackages(t) {
		switch base := filepath.Base(p.ImportPath); base {
		case "util", "utils", "common", "helper", "helpers", "misc", "manager", "shared":
			t.Errorf("%s is named for no concept", p.ImportPath)
		}
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Imports,Deps", "./...")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("reading go list: %v", err)
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		t.Fatal("go list found no package")
	}
	return packages
}

package country_test

import (
	"os"
	"path/filepath"
	"testing"

	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/trusttest"
)

// changes counts the items of a report by change.
func changes(r country.Report) map[country.Change]int {
	counts := make(map[country.Change]int)
	for _, item := range r.Items {
		counts[item.Change]++
	}
	return counts
}

func TestImport(t *testing.T) {
	u := mustUtopia(t)
	dir := t.TempDir()
	first, link, second := mustParse(t, u.first), mustParse(t, u.link), mustParse(t, u.second)
	mustImport := func(o country.Import, certificates ...*icao.Certificate) country.Report {
		t.Helper()
		r, err := o.Import(dir, certificates)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	inFolder := func() int {
		t.Helper()
		c, err := country.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(filepath.Join(dir, "csca"))
		if err == nil && len(files) != len(c.Certificates()) {
			t.Errorf("%d files for %d certificates", len(files), len(c.Certificates()))
		}
		return len(c.Certificates())
	}

	if r := mustImport(country.Import{DryRun: true}, first, link); r.Written != 0 || inFolder() != 0 || changes(r)[country.Added] != 2 {
		t.Errorf("a dry run: got %v, %d written", changes(r), r.Written)
	}
	if r := mustImport(country.Import{}, first, link, mustParse(t, u.firstSigner)); r.Written != 2 || inFolder() != 2 || r.Items[2].Refused == nil {
		t.Errorf("the first import: got %v, %d written", changes(r), r.Written)
	}
	if r := mustImport(country.Import{}, first, link); r.Written != 0 || changes(r)[country.Unchanged] != 2 || len(r.Gone) != 0 {
		t.Errorf("again: got %v, %d gone", changes(r), len(r.Gone))
	}
	// The same CA and key, certified for longer; the link has left the list.
	anew := mustParse(t, expiredCA(t, u.first, trusttest.Day(2040)))
	r := mustImport(country.Import{}, anew, second)
	if changes(r)[country.Changed] != 1 || changes(r)[country.Added] != 1 || len(r.Gone) != 2 || r.Removed || inFolder() != 4 {
		t.Errorf("a newer list: got %v, %d gone, removed %v", changes(r), len(r.Gone), r.Removed)
	}
	r = mustImport(country.Import{DryRun: true, RemoveGone: true}, anew, second)
	if len(r.Gone) != 2 || r.Removed || inFolder() != 4 {
		t.Errorf("a dry run removes: %d gone, removed %v", len(r.Gone), r.Removed)
	}
	r = mustImport(country.Import{RemoveGone: true}, anew, second)
	if len(r.Gone) != 2 || !r.Removed || inFolder() != 2 {
		t.Errorf("removing: %d gone, removed %v", len(r.Gone), r.Removed)
	}

	trusttest.MustWrite(t, dir, "csca/broken.cer", []byte("garbage"))
	if r := mustImport(country.Import{}, first); r.Written != 1 {
		t.Errorf("beside a file that is no certificate: %d written", r.Written)
	}
}

//go:build shared

package lds_test

import (
	"os"
	"path/filepath"
	"testing"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel/lds"
)

// mustSpecimen reads a file of the German specimen, from the folder of material that is not in the repository:
// BALCAO_SHARED, or "shared" beside the repository.
func mustSpecimen(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("BALCAO_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(dir, "data", "specimen-de", name))
	if err != nil {
		t.Fatalf("the specimen is not there: set BALCAO_SHARED to the folder that holds data/specimen-de (%v)", err)
	}
	return b
}

func TestSpecimen(t *testing.T) {
	zone, err := lds.ParseDG1(mustSpecimen(t, "EF_DG1.bin"), now)
	if err != nil || zone.Surname != "MUSTERMANN" || zone.Number != "C11T002JM" || zone.Issuer != "D" {
		t.Errorf("DG1: got %+v, %v", zone, err)
	}
	photo, err := lds.ParseDG2(mustSpecimen(t, "EF_DG2.bin"))
	if err != nil || photo.Format != lds.JPEG2000 || len(photo.Data) != 14999 {
		t.Errorf("DG2: got %d bytes of %q, %v", len(photo.Data), photo.Format, err)
	}
	personal, err := lds.ParseDG11(mustSpecimen(t, "EF_DG11.bin"))
	if err != nil || personal.Name.Surname != "Doe John" || personal.PersonalNumber != "123" ||
		personal.BirthDate != (mrz.Date{Year: 1970, Month: 1, Day: 1}) || len(personal.OtherNames) != 1 {
		t.Errorf("DG11: got %+v, %v", personal, err)
	}
}

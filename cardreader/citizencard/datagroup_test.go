package citizencard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/cardreader/citizencard"
)

func TestDataGroups(t *testing.T) {
	// Accidental indications come before the three numbers, unlike in the file; the MRZ is not covered.
	const one = "República PortuguesaPRTCartão de Cidadão99000588 7 ZZ19999000000035539006.008.24" +
		"15 04 2024AMA15 04 2034Exemplo InventadoConceição JoãoFPRT29 02 19881,75990005887" +
		"MãeLuísaPaiAntónioSem ID Esq40000000019999999990999999990"
	_, first := firstGeneration()
	_, second := generation2024()
	tests := map[string]struct {
		files citizencard.Files
		want  map[int][]byte
	}{
		"First":     {first, map[int][]byte{1: []byte(one), 3: first.Photo, 4: first.CardKey}},
		"2024":      {second, map[int][]byte{13: second.Identity, 2: second.Photo}},
		"NotRead":   {citizencard.Files{Generation: citizencard.Generation1}, map[int][]byte{}},
		"NoPhoto":   {citizencard.Files{Generation: citizencard.Generation2024, Identity: []byte{1}}, map[int][]byte{13: {1}}},
		"Malformed": {citizencard.Files{Generation: citizencard.Generation1, Identity: []byte{1}}, map[int][]byte{}},
	}
	for name, test := range tests {
		if diff := cmp.Diff(test.want, test.files.DataGroups()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFiles_Wipe(t *testing.T) {
	_, files := firstGeneration()
	identity := files.Identity
	files.Wipe()
	for _, b := range identity {
		if b != 0 {
			t.Fatal("the identity is still in memory")
		}
	}
	if diff := cmp.Diff(citizencard.Files{Generation: citizencard.Generation1}, files); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

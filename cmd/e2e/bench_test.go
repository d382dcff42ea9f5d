package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBench runs `bench` in its smallest form: what it measures it has to be able to measure, whatever the
// figures. Its visitors bind with real evidence, so it notices when a transcript is no longer what the centre takes.
func TestBench(t *testing.T) {
	bin(t, "emptywindow")
	file := filepath.Join(t.TempDir(), "figures.json")
	out, err := exec.Command(bin(t, "bench"), "--smallest", "--json", file).CombinedOutput()
	if err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var figures struct {
		Cards  []struct{ Card string }
		Travel struct{ Chips []struct{ Card string } }
		Screen struct {
			Desk struct {
				First float64 `json:"ms_first_screen"`
			}
			Empty struct {
				First float64 `json:"ms_first_screen"`
			} `json:"empty_window"`
			Drawn []struct{ Card string }
		}
		Centre struct {
			SQL       float64 `json:"sql_per_second"`
			Registrar float64 `json:"registrar_per_second"`
			Hash      float64 `json:"argon2id_ms"`
		}
	}
	if err := json.Unmarshal(raw, &figures); err != nil {
		t.Fatal(err)
	}
	for name, measured := range map[string]bool{
		"a Citizen Card": len(figures.Cards) > 0, "a travel document": len(figures.Travel.Chips) > 0,
		"the desk's first screen": figures.Screen.Desk.First > 0, "an empty window": figures.Screen.Empty.First > 0,
		"what is drawn of a card": len(figures.Screen.Drawn) > 0, "the database": figures.Centre.SQL > 0,
		"the registrar": figures.Centre.Registrar > 0, "a hash": figures.Centre.Hash > 0,
	} {
		if !measured {
			t.Errorf("%s was not measured:\n%s", name, raw)
		}
	}
}

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
			Streams struct{ Desks int }
			Log     struct {
				Audited float64 `json:"audited_per_second"`
				Leaves  int
				With    struct {
					Bound float64 `json:"ms_bound"`
				} `json:"with_log"`
			}
			Refused bool `json:"desk_refused_by_postgresql"`
			Calls   []struct{ Call string }
			Load    float64 `json:"load_per_second"`
			Whole   float64 `json:"per_second"`
			Hash    float64 `json:"argon2id_ms"`
			Login   struct {
				Logins, Lost int
				Killed       int    `json:"under_way_when_killed"`
				Why          string `json:"lost_why"`
				Functions    []struct{ Name string }
			}
		}
		Attacks []struct {
			Name          string
			Passed, Limit int
		}
	}
	if err := json.Unmarshal(raw, &figures); err != nil {
		t.Fatal(err)
	}
	for name, measured := range map[string]bool{
		"a Citizen Card": len(figures.Cards) > 0, "a travel document": len(figures.Travel.Chips) > 0,
		"the desk's first screen": figures.Screen.Desk.First > 0, "an empty window": figures.Screen.Empty.First > 0,
		"what is drawn of a card": len(figures.Screen.Drawn) > 0, "the database": figures.Centre.Load > 0,
		"a whole enrolment": figures.Centre.Whole > 0, "a hash": figures.Centre.Hash > 0,
		"calls through the door": len(figures.Centre.Calls) == 2, "desks that listen": figures.Centre.Streams.Desks > 0,
		"PostgreSQL's refusal of a desk": figures.Centre.Refused, "attacks": len(figures.Attacks) == 5,
		"sign-ins": figures.Centre.Login.Logins > 0 && len(figures.Centre.Login.Functions) > 0, "an instance's end": figures.Centre.Login.Killed > 0,
		"the log": figures.Centre.Log.Audited > 0 && figures.Centre.Log.Leaves > 0 && figures.Centre.Log.With.Bound > 0, // what a leaf costs is a difference, and may be none
	} {
		if !measured {
			t.Errorf("%s was not measured:\n%s", name, raw)
		}
	}
	if lost := figures.Centre.Login.Lost; lost > 0 {
		t.Errorf("%d sign-ins were lost with an instance: %s", lost, figures.Centre.Login.Why)
	}
	for _, a := range figures.Attacks { // the limits do not depend on the machine; a slow one may not reach them
		if a.Passed > a.Limit || a.Limit > 0 && a.Passed == 0 {
			t.Errorf("attack, %s: %d passed, the limit is %d", a.Name, a.Passed, a.Limit)
		}
	}
}

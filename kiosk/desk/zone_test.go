package desk_test

import (
	"strings"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/desk"
)

const utopian = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"

// TestZones sees what a session is told of a zone: the standard's specimen, one slip that a check digit finds, and one
// that none can.
func TestZones(t *testing.T) {
	day := kiosk.Date{Year: 2026, Month: time.November, Day: 25}
	group := func(entry kiosk.MRZEntry, name string) kiosk.MRZGroup {
		for _, g := range entry.Groups {
			if g.Name == name {
				return g
			}
		}
		t.Fatalf("no group %s", name)
		return kiosk.MRZGroup{}
	}
	whole := desk.Zones{}.Inspect(strings.ToLower(utopian), day)
	if !whole.Valid || whole.Format != "TD3" || strings.Join(whole.Lines, "\n") != utopian {
		t.Fatalf("got %+v, want the specimen", whole)
	}
	slipped := desk.Zones{}.Inspect(strings.Replace(utopian, "L898902C", "L8989O2C", 1), day)
	number := group(slipped, "document_number")
	if slipped.Valid || number.State != kiosk.MRZWrong || len(number.Corrections) == 0 || number.Corrections[0].Text != utopian {
		t.Errorf("got %+v, want O for 0 offered", number)
	}
	twin := group(desk.Zones{}.Inspect(strings.Replace(utopian, "ZE184226B", "ZE18422GB", 1), day), "optional")
	if twin.State != kiosk.MRZRight || len(twin.Twins) == 0 || len(twin.Corrections) != 0 {
		t.Errorf("got %+v, want G for 6 among what no check digit tells apart", twin)
	}
}

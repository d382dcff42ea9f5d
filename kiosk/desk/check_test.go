package desk_test

import (
	"testing"

	"balcao/kiosk"
)

// A check says that a document is genuine also of somebody who may not enrol with it; a false one it refuses.
func TestCheck(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	enrols := map[string]bool{"under_age": true, "pin_blocked": true, "document_not_accepted": true}
	met := map[string]bool{}
	for _, e := range b.fixtures.Entries() {
		if !enrols[e.RefusedFor] && e.RefusedFor != "data_altered" || met[e.RefusedFor] {
			continue
		}
		met[e.RefusedFor] = true
		if !d.part(e.Name, func() {
			d.do(kiosk.ErrandChosen{Name: "check"})
			d.insert(e.Name)
			if travels(e) {
				d.fixtureOpens(e)
			}
			if enrols[e.RefusedFor] {
				d.until("read", complete)
			} else {
				d.until("refused", problem(kiosk.ProblemCode(e.RefusedFor)))
			}
			b.slots.Remove(1)
			d.do(kiosk.Cancel{}, kiosk.OtherDocument{}).until("empty desk", empty)
		}) {
			return
		}
	}
	if len(met) != 4 {
		t.Errorf("met documents refused for %v only", met)
	}
}

package present

import (
	"strconv"
	"strings"
	"time"

	"balcao/kiosk"
)

// preflight is the list of what a day's work needs. It has the keys of the empty desk as well, so that whoever knows what
// to do need not put it away first.
func (p Presenter) preflight(m *ClerkModel) {
	list := p.State.Preflight
	lacks, enrolling := list.Lacks()
	said := "preflight.ready"
	switch {
	case enrolling:
		said, m.Care = "preflight.failed", true
	case lacks:
		said, m.Care = "preflight.lacking", true
	case list.Looking:
		said = "preflight.looking"
	}
	m.Subtitle = p.Text(said)
	for _, need := range list.Needs {
		m.Needs = append(m.Needs, p.need(need))
	}
	if list.Looking {
		m.Needs = append(m.Needs, CheckRow{Text: p.Text("preflight.rest"), Current: true})
	}
	m.Actions = []Action{{Text: p.Text("action.continue"), Key: "Enter", Main: true, Event: kiosk.PreflightClosed{}}}
	var again Action
	if !list.Looking {
		again = Action{Text: p.Text("action.look_again"), Key: "F4", Event: kiosk.PreflightAsked{}}
	}
	m.Actions = append(m.Actions, p.emptyDeskActions(again)...)
	m.Escape = kiosk.PreflightClosed{}
}

func (p Presenter) need(n kiosk.Readiness) CheckRow {
	row := CheckRow{Result: n.Result, Text: p.Text("preflight.need_" + string(n.Need))}
	switch {
	case n.Lack != "":
		row.Remedy = p.Text("preflight.lack_" + string(n.Lack))
	case n.Problem != "":
		parts := p.parts(kiosk.Problem{Code: n.Problem, Reader: n.Reader})
		row.Remedy = strings.Join([]string{parts.What, parts.Means, parts.Next}, " ")
	}
	switch n.Need {
	case kiosk.NeedReaders:
		if n.Count > 0 {
			row.Detail = p.Format("preflight.readers", Values{"Count": n.Count})
		}
	case kiosk.NeedCentre:
		if n.Off > 0 {
			row.Detail = milliseconds(n.Off) + " ms"
		}
	case kiosk.NeedClock:
		row.Detail = strconv.FormatInt(int64(n.Off.Abs().Round(time.Second)/time.Second), 10) + " s"
	default:
		row.Detail = strings.Join(n.Names, ", ")
		if !n.Until.IsZero() && len(n.Names) == 0 {
			row.Detail = p.Format("preflight.until", Values{"Date": n.Until.Format("02-01-2006")})
		}
	}
	return row
}

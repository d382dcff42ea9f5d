package desk

import (
	"time"

	"balcao/cardreader/mrz"
	"balcao/kiosk"
)

// Zones understands machine-readable zones for a session: ICAO 9303 in the session's words.
type Zones struct{}

var _ kiosk.MRZReader = Zones{}

// Inspect implements kiosk.MRZReader.
func (Zones) Inspect(text string, today kiosk.Date) kiosk.MRZEntry {
	now := time.Date(today.Year, today.Month, today.Day, 12, 0, 0, 0, time.UTC)
	found := mrz.Inspect(text, now)
	entry := kiosk.MRZEntry{Text: text, Lines: found.Lines, Complete: found.Complete, Valid: found.Valid}
	if found.Format != 0 {
		entry.Format = found.Format.String()
	}
	for _, g := range found.Groups {
		entry.Groups = append(entry.Groups, zoneGroup(g))
	}
	return entry
}

func zoneGroup(g mrz.Group) kiosk.MRZGroup {
	group := kiosk.MRZGroup{Name: g.Name, Line: g.Line, From: g.From, To: g.To, State: kiosk.MRZMissing}
	switch g.State {
	case mrz.GroupRight:
		group.State = kiosk.MRZRight
	case mrz.GroupWrong:
		group.State = kiosk.MRZWrong
	}
	for _, c := range g.Corrections {
		group.Corrections = append(group.Corrections, kiosk.MRZCorrection(c))
	}
	for _, c := range g.Twins {
		group.Twins = append(group.Twins, kiosk.MRZCorrection(c))
	}
	return group
}

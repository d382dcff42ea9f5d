package ui

import "balcao/kiosk"

// canDigits is how many boxes a card access number has.
const canDigits = 6

// accessModel is what the clerk types so that a chip opens, or in place of a chip.
type accessModel struct {
	Case        kiosk.CaseID
	Kind        kiosk.AccessKind
	Label       string
	Name        string // for a screen reader, of how many characters were typed: a key of the catalogue
	CAN         string
	Zone        zoneModel
	Locked      bool // the chip is being opened
	Wrong       int  // how often the chip refused it
	Ready       bool // Enter goes on
	Marks       []checkRow
	Corrections []action
	Notice      line
	Heading     string
	Guide       []string
	Pictures    []picture
}

// zoneModel is a machine-readable zone as the session understands it.
type zoneModel struct {
	Text     string // as it was typed: what is understood belongs to this, and to nothing typed since
	Lines    []string
	Shape    shape
	Groups   []kiosk.MRZGroup
	Complete bool
	First    int // group in which to look first for what is wrong; -1 for none
}

// shape is how many lines a zone has, and how many characters each.
type shape struct{ Lines, Width int }

var shapes = map[string]shape{"TD1": {3, 30}, "TD2": {2, 36}, "TD3": {2, 44}}

// zoneShape is the format's, or while that is not known the one that documents of the kind have.
func zoneShape(format string, kind kiosk.DocumentKind) shape {
	if s, known := shapes[format]; known {
		return s
	}
	if kind == kiosk.ResidencePermit || kind == kiosk.ResidenceCard {
		return shapes["TD1"]
	}
	return shapes["TD3"]
}

func (p present) access(m *clerkModel) {
	access := p.state.Document.Access
	m.Subtitle = p.accessSubtitle()
	m.Access = accessModel{
		Case: p.state.Case, Kind: access.Kind, CAN: access.CAN, Locked: access.Opening, Wrong: access.Wrong,
		Name:    "access.field_" + string(access.Kind),
		Zone:    zone(access.MRZ, p.state.Document.Kind),
		Ready:   p.accessReady() && (access.NoChip || p.state.Document.CardPresent) && !access.Opening,
		Notice:  p.accessNotice(),
		Heading: p.text("access.where_mrz"),
	}
	m.Access.Pictures, m.Access.Guide = p.whereItIs()
	if access.Kind == kiosk.AccessCAN {
		m.Access.Label = p.text("access.label_can")
	} else {
		of := m.Access.Zone.Shape
		m.Access.Label = p.format("access.label_mrz", values{"Lines": of.Lines, "Width": of.Width})
		if zoneOf(p.state.Document) == "" {
			m.Access.Label = p.text("access.label_any")
		}
		m.Access.Marks = p.zoneMarks(access.MRZ)
		m.Access.Corrections = p.corrections(access)
	}
	m.Actions = p.accessActions()
}

func zone(entry kiosk.MRZEntry, kind kiosk.DocumentKind) zoneModel {
	z := zoneModel{
		Text: entry.Text, Lines: entry.Lines, Shape: zoneShape(entry.Format, kind), Groups: entry.Groups,
		Complete: entry.Complete, First: -1,
	}
	for i, group := range entry.Groups {
		if group.State == kiosk.MRZWrong {
			z.First = i
			break
		}
		if z.First < 0 && group.Name == "document_number" {
			z.First = i // where most is misread
		}
	}
	return z
}

// accessReady reports whether what was typed can be tried.
func (p present) accessReady() bool { return p.state.Document.Access.Ready() }

func (p present) accessSubtitle() string {
	document := p.state.Document
	switch {
	case document.Access.NoChip:
		return p.text("access.subtitle_no_chip") + "\n" + p.text("access.second_clerk")
	case !document.CardPresent:
		return p.text("access.subtitle_lifted")
	default:
		return p.format("access.subtitle", values{"Reader": document.Reader})
	}
}

// accessNotice says what matters most now.
func (p present) accessNotice() line {
	document := p.state.Document
	access := document.Access
	switch {
	case access.Opening && !access.NoChip:
		return line{p.text("access.opening"), tonePlain}
	case access.Wrong > 0:
		return line{p.text("access.wrong_" + string(access.Kind)), toneBad}
	case p.accessReady() && !access.NoChip && !document.CardPresent:
		return line{p.text("access.ready_lifted"), toneCare}
	case access.Kind == kiosk.AccessMRZ && access.MRZ.Valid:
		return line{p.text("access.right"), toneGood}
	case access.Kind == kiosk.AccessMRZ && p.accessReady():
		return line{p.text("access.six_digits"), toneGood}
	case access.Kind == kiosk.AccessMRZ:
		return line{p.text("access.filler"), toneQuiet}
	default:
		return line{}
	}
}

// zoneMarks lists the groups that have a check digit, and those that are wrong without one.
func (p present) zoneMarks(entry kiosk.MRZEntry) []checkRow {
	var rows []checkRow
	seen := map[string]bool{}
	for _, group := range entry.Groups {
		if seen[group.Name] || !checked[group.Name] && group.State != kiosk.MRZWrong {
			continue
		}
		seen[group.Name] = true
		rows = append(rows, checkRow{
			Result: groupResult(group.State),
			Text:   p.text("mrz.group." + group.Name),
			Detail: p.text("mrz.state." + string(group.State)),
		})
	}
	return rows
}

// checked names the groups with a check digit of their own, and the one that is nothing else.
var checked = map[string]bool{"document_number": true, "birth": true, "expiry": true, "composite": true}

func groupResult(state kiosk.MRZGroupState) kiosk.Result {
	switch state {
	case kiosk.MRZRight:
		return kiosk.Passed
	case kiosk.MRZWrong:
		return kiosk.Failed
	default:
		return kiosk.Pending
	}
}

// correctionKeys are what the offered corrections are applied with, the likeliest first. There are no more
// than can be told apart at a glance.
var correctionKeys = []string{"F7", "F8", "F11"}

// corrections offers those of the first group that has any: often the others follow from it. When a chip refused a
// zone that looks right, what no check digit tells apart is all that is left to doubt.
func (p present) corrections(access kiosk.AccessState) []action {
	if access.Opening {
		return nil
	}
	for _, group := range access.MRZ.Groups {
		offered := group.Corrections
		switch {
		case group.State == kiosk.MRZWrong:
		case access.Wrong > 0 && access.MRZ.Valid:
			offered = group.Twins
		default:
			continue
		}
		if len(offered) == 0 {
			continue
		}
		var actions []action
		for i, c := range offered[:min(len(offered), len(correctionKeys))] {
			text := p.format("mrz.correction", values{
				"Was": string(rune(c.Was)), "Now": string(rune(c.Now)), "Where": p.text("mrz.in." + group.Name),
			})
			event := kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: c.Text}
			actions = append(actions, action{Text: text, Key: correctionKeys[i], Event: event})
		}
		return actions
	}
	return nil
}

func (p present) accessActions() []action {
	document := p.state.Document
	access := document.Access
	onward := action{Text: p.text("action.continue"), Key: "Enter", Main: true}
	switch {
	case access.Opening && access.NoChip:
		return []action{{Text: p.text("action.checking_typed"), Main: true}}
	case access.Opening:
		return append([]action{{Text: p.text("action.opening"), Main: true}}, p.typeAgain()...)
	case !p.accessReady():
		onward = action{Text: p.text("action.waiting_typing"), Main: true}
	case !access.NoChip && !document.CardPresent:
		onward = action{Text: p.text("action.waiting_document"), Main: true}
	default:
		onward.Event = kiosk.Continue{}
	}
	actions := []action{onward}
	if other, text, ok := otherAccess(access); ok {
		name := "action.use_" + string(other)
		actions = append(actions, action{Text: p.text(name), Key: "F9", Event: kiosk.AccessTyped{Kind: other, Text: text}})
	}
	if access.CAN != "" && access.Kind == kiosk.AccessCAN || access.MRZ.Text != "" && access.Kind == kiosk.AccessMRZ {
		actions = append(actions, action{Text: p.text("action.erase"), Key: "F4", Event: kiosk.AccessTyped{Kind: access.Kind}})
	}
	if p.state.TypedMRZ && !access.NoChip {
		actions = append(actions, action{Text: p.text("action.without_chip"), Key: "F6", Event: kiosk.NoChip{}})
	}
	return actions
}

// otherAccess is the other thing that the chip opens with, and what was typed of it before.
func otherAccess(access kiosk.AccessState) (kind kiosk.AccessKind, text string, ok bool) {
	for _, kind := range access.Accepts {
		switch {
		case kind == access.Kind:
		case kind == kiosk.AccessCAN:
			return kind, access.CAN, true
		default:
			return kind, access.MRZ.Text, true
		}
	}
	return "", "", false
}

// typeAgain leads back to what was typed, from a chip that is being opened, read or shown.
func (p present) typeAgain() []action {
	if !p.state.Document.Access.Asked || !p.state.Examining() {
		return nil
	}
	return []action{{Text: p.text("action.type_again"), Key: "F4", Event: kiosk.AccessAgain{}}}
}

// whereItIs shows where on the document the characters are that open it.
func (p present) whereItIs() ([]picture, []string) {
	if p.state.Document.Access.Kind == kiosk.AccessCAN {
		return []picture{pictureCAN}, []string{p.text("access.where_can")}
	}
	passport, card := p.text("access.where_mrz_passport"), p.text("access.where_mrz_card")
	switch zoneOf(p.state.Document) {
	case "TD3":
		return []picture{picturePassport}, []string{passport}
	case "TD1":
		return []picture{pictureCardBack}, []string{card}
	default:
		return []picture{picturePassport, pictureCardBack}, []string{passport, card}
	}
}

// zoneOf names the format as far as document or zone tell it.
func zoneOf(document kiosk.DocumentState) string {
	switch {
	case document.Access.MRZ.Format != "":
		return document.Access.MRZ.Format
	case document.Kind == kiosk.Passport:
		return "TD3"
	case document.Kind.Travel():
		return "TD1"
	}
	return ""
}

package present

import "balcao/kiosk"

// CanDigits is how many boxes a card access number has.
const CanDigits = 6

// AccessModel is what the clerk types so that a chip opens, or in place of a chip.
type AccessModel struct {
	Case        kiosk.CaseID
	Kind        kiosk.AccessKind
	Label       string
	Name        string // for a screen reader, of how many characters were typed: a key of the catalogue
	CAN         string
	MRZ         MRZModel
	Locked      bool // the chip is being opened
	Wrong       int  // how often the chip refused it
	Ready       bool // Enter goes on
	Marks       []CheckRow
	Corrections []Action
	Notice      Line
	Heading     string
	Guide       []string
	Pictures    []Picture
}

// MRZModel is a machine-readable zone as the session understands it.
type MRZModel struct {
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

// mrzShape is the format's, or while that is not known the one that documents of the kind have.
func mrzShape(format string, kind kiosk.DocumentKind) shape {
	if s, known := shapes[format]; known {
		return s
	}
	if kind == kiosk.ResidencePermit || kind == kiosk.ResidenceCard {
		return shapes["TD1"]
	}
	return shapes["TD3"]
}

func (p Presenter) access(m *ClerkModel) {
	access := p.State.Document.Access
	m.Subtitle = p.accessSubtitle()
	m.Access = AccessModel{
		Case: p.State.Case, Kind: access.Kind, CAN: access.CAN, Locked: access.Opening, Wrong: access.Wrong,
		Name:    "access.field_" + string(access.Kind),
		MRZ:     MRZ(access.MRZ, p.State.Document.Kind),
		Ready:   p.accessReady() && (access.NoChip || p.State.Document.CardPresent) && !access.Opening,
		Notice:  p.accessNotice(),
		Heading: p.Text("access.where_mrz"),
	}
	m.Access.Pictures, m.Access.Guide = p.whereItIs()
	if access.Kind == kiosk.AccessCAN {
		m.Access.Label = p.Text("access.label_can")
	} else {
		of := m.Access.MRZ.Shape
		m.Access.Label = p.Format("access.label_mrz", Values{"Lines": of.Lines, "Width": of.Width})
		if formatOf(p.State.Document) == "" {
			m.Access.Label = p.Text("access.label_any")
		}
		m.Access.Marks = p.mrzMarks(access.MRZ)
		m.Access.Corrections = p.corrections(access)
	}
	m.Actions = p.accessActions()
}

// MRZ shows what is understood of a zone so far, in the shape of its document.
func MRZ(entry kiosk.MRZEntry, kind kiosk.DocumentKind) MRZModel {
	z := MRZModel{
		Text: entry.Text, Lines: entry.Lines, Shape: mrzShape(entry.Format.String(), kind), Groups: entry.Groups,
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
func (p Presenter) accessReady() bool { return p.State.Document.Access.Ready() }

func (p Presenter) accessSubtitle() string {
	document := p.State.Document
	switch {
	case document.Access.NoChip:
		return p.Text("access.subtitle_no_chip") + "\n" + p.Text("access.supervisor")
	case !document.CardPresent:
		return p.Text("access.subtitle_lifted")
	default:
		return p.Format("access.subtitle", Values{"Reader": document.Reader})
	}
}

// accessNotice says what matters most now.
func (p Presenter) accessNotice() Line {
	document := p.State.Document
	access := document.Access
	switch {
	case access.Opening && !access.NoChip:
		return Line{p.Text("access.opening"), TonePlain}
	case access.Wrong > 0:
		return Line{p.Text("access.wrong_" + string(access.Kind)), ToneBad}
	case p.accessReady() && !access.NoChip && !document.CardPresent:
		return Line{p.Text("access.ready_lifted"), ToneCare}
	case access.Kind == kiosk.AccessMRZ && access.MRZ.Valid:
		return Line{p.Text("access.right"), ToneGood}
	case access.Kind == kiosk.AccessMRZ && p.accessReady():
		return Line{p.Text("access.six_digits"), ToneGood}
	case access.Kind == kiosk.AccessMRZ:
		return Line{p.Text("access.filler"), ToneQuiet}
	default:
		return Line{}
	}
}

// mrzMarks lists the groups that have a check digit, and those that are wrong without one.
func (p Presenter) mrzMarks(entry kiosk.MRZEntry) []CheckRow {
	var rows []CheckRow
	seen := map[string]bool{}
	for _, group := range entry.Groups {
		if seen[group.Name] || !checked[group.Name] && group.State != kiosk.MRZWrong {
			continue
		}
		seen[group.Name] = true
		rows = append(rows, CheckRow{
			Result: groupResult(group.State),
			Text:   p.Text("mrz.group." + group.Name),
			Detail: p.Text("mrz.state." + group.State.String()),
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
func (p Presenter) corrections(access kiosk.AccessState) []Action {
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
		var actions []Action
		for i, c := range offered[:min(len(offered), len(correctionKeys))] {
			text := p.Format("mrz.correction", Values{
				"Was": string(rune(c.Was)), "Now": string(rune(c.Now)), "Where": p.Text("mrz.in." + group.Name),
			})
			event := kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: c.Text}
			actions = append(actions, Action{Text: text, Key: correctionKeys[i], Event: event})
		}
		return actions
	}
	return nil
}

func (p Presenter) accessActions() []Action {
	document := p.State.Document
	access := document.Access
	onward := Action{Text: p.Text("action.continue"), Key: "Enter", Main: true}
	switch {
	case access.Opening && access.NoChip:
		return []Action{{Text: p.Text("action.checking_typed"), Main: true}}
	case access.Opening:
		return append([]Action{{Text: p.Text("action.opening"), Main: true}}, p.typeAgain()...)
	case !p.accessReady():
		onward = Action{Text: p.Text("action.waiting_typing"), Main: true}
	case !access.NoChip && !document.CardPresent:
		onward = Action{Text: p.Text("action.waiting_document"), Main: true}
	default:
		onward.Event = kiosk.Continue{}
	}
	actions := []Action{onward}
	if other, text, ok := otherAccess(access); ok {
		name := "action.use_" + string(other)
		actions = append(actions, Action{Text: p.Text(name), Key: "F5", Event: kiosk.AccessTyped{Kind: other, Text: text}})
	}
	if access.CAN != "" && access.Kind == kiosk.AccessCAN || access.MRZ.Text != "" && access.Kind == kiosk.AccessMRZ {
		actions = append(actions, Action{Text: p.Text("action.erase"), Key: "F4", Event: kiosk.AccessTyped{Kind: access.Kind}})
	}
	if p.State.TypedMRZ && !access.NoChip {
		actions = append(actions, Action{Text: p.Text("action.without_chip"), Key: "F6", Event: kiosk.NoChip{}})
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
func (p Presenter) typeAgain() []Action {
	if !p.State.Document.Access.Asked || !p.State.Examining() {
		return nil
	}
	return []Action{{Text: p.Text("action.type_again"), Key: "F4", Event: kiosk.AccessAgain{}}}
}

// whereItIs shows where on the document the characters are that open it.
func (p Presenter) whereItIs() ([]Picture, []string) {
	if p.State.Document.Access.Kind == kiosk.AccessCAN {
		return []Picture{PictureCAN}, []string{p.Text("access.where_can")}
	}
	passport, card := p.Text("access.where_mrz_passport"), p.Text("access.where_mrz_card")
	switch formatOf(p.State.Document) {
	case "TD3":
		return []Picture{PicturePassport}, []string{passport}
	case "TD1":
		return []Picture{PictureCardBack}, []string{card}
	default:
		return []Picture{PicturePassport, PictureCardBack}, []string{passport, card}
	}
}

// formatOf names the format as far as document or zone tell it.
func formatOf(document kiosk.DocumentState) string {
	switch {
	case document.Access.MRZ.Format != 0:
		return document.Access.MRZ.Format.String()
	case document.Kind == kiosk.Passport:
		return "TD3"
	case document.Kind.Travel():
		return "TD1"
	}
	return ""
}

package present

import (
	"slices"
	"strings"
	"time"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// TagModel is a state in one word, and how it is meant.
type TagModel struct {
	Text  string
	Meant kiosk.Result // Passed: as it should be; Unknown: needs care; Failed: of no use any more
}

// KeyModel is the page of a key: how it stands, what happened to it, and what may be done now.
type KeyModel struct {
	State    string
	Tag      TagModel
	Fields   []Field
	Label    string // heading of what may be done
	Names    []string
	Options  []OptionModel
	Chosen   int    // where the list begins
	Means    string // what the chosen one does
	Why      string // heading of the reasons
	Reasons  []OptionModel
	Values   []kiosk.KeyReason // of Reasons
	History  string
	Timeline []MomentModel
	Line     Line // instead of a key
	Problem  *ProblemModel
}

// MomentModel is one change of a key: what, why, and when and where.
type MomentModel struct{ What, Why, Where string }

// statusMeant is how a state of a key is meant.
func statusMeant(s kiosk.KeyStatus) kiosk.Result {
	switch s {
	case kiosk.StatusActive:
		return kiosk.Passed
	case kiosk.StatusExpired, kiosk.StatusCancelled:
		return kiosk.Failed
	default:
		return kiosk.Unknown
	}
}

func (p Presenter) tag(s kiosk.KeyStatus) TagModel {
	if s == "" {
		return TagModel{}
	}
	return TagModel{p.Text("key.state." + string(s)), statusMeant(s)}
}

// moment writes when something was at the centre: 29-11-2026 22:14, in the desk's time.
func (p Presenter) moment(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.Add(p.State.Status.Centre.Skew).In(p.State.Now.Location()).Format("02-01-2006 15:04")
}

func (p Presenter) day(t time.Time) string {
	return p.ShortDate(kiosk.DateOf(t.Add(p.State.Status.Centre.Skew).In(p.State.Now.Location())))
}

// orName is a text of a word that the centre may know and this catalogue not: then the word itself.
func (p Presenter) orName(before, word string) string {
	if key := before + word; i18n.Has(i18n.Languages[0], key) {
		return p.Text(key)
	}
	return word
}

// keyPage is the page of a key.
func (p Presenter) keyPage(m *ClerkModel, d Drafts) {
	state := p.State.Key
	key := state.Key
	m.Key.Problem = p.staffProblem(state.Problem)
	p.keyTitle(m)
	switch {
	case state.Phase == kiosk.KeyReading:
		m.Key.Line = Line{p.Text("key.reading"), ToneQuiet}
	case key == nil:
		m.Key.Line = Line{p.Text("key.none"), TonePlain}
	default:
		m.Key.State, m.Key.Tag = p.Text("key.state_label"), p.tag(key.State)
		m.Key.Fields = p.keyFields(key)
		m.Key.History, m.Key.Timeline = p.Text("key.history"), p.timeline(key.Timeline)
	}
	p.keyChoices(m, d)
}

func (p Presenter) keyTitle(m *ClerkModel) {
	key, person := p.State.Key.Key, p.identity()
	if p.State.Document.Identity != nil {
		m.Title = p.fullName(person)
		m.Subtitle = p.documentName(person)
	} else if key != nil && key.Initials != "" {
		m.Title = p.Format("key.title_found", Values{"Initials": key.Initials})
	}
	if key == nil {
		return
	}
	parts := []string{p.Format("key.register", Values{"Register": registerText(key.Register)})}
	if m.Subtitle != "" && p.State.Document.Identity != nil {
		parts = append(parts, m.Subtitle)
	}
	if key.Level != kiosk.LevelNone {
		parts = append(parts, p.Format("key.level", Values{"Level": p.Text("level." + levelKey(key.Level))}))
	}
	m.Subtitle = strings.Join(parts, " · ")
}

// keyFields are what is known of a key. Contacts are masked by the centre.
func (p Presenter) keyFields(key *kiosk.Key) []Field {
	var fields []Field
	if key.State != kiosk.StatusActive && key.Reason != "" {
		fields = append(fields, Field{p.Text("key.reason_label"), p.orName("key.reason.", string(key.Reason)) + ", " + p.moment(key.Since)})
	} else {
		fields = append(fields, Field{p.Text("key.since"), p.moment(key.Since)})
	}
	if !key.LockedUntil.IsZero() && key.State == kiosk.StatusLocked {
		fields = append(fields, Field{p.Text("key.locked_until"), p.moment(key.LockedUntil)})
	}
	if code := key.Pending; code != nil {
		name := "key.code_" + string(code.Channel)
		fields = append(fields, Field{p.Text("key.code"), p.Format(name, Values{"Value": code.Value, "Until": p.moment(code.ExpiresAt)})})
	}
	for _, contact := range key.Contacts {
		value := p.Format("key.proven", Values{"Contact": strings.ReplaceAll(contact.Value, " ", "\u00a0"), "Date": p.day(contact.ProvenAt)})
		fields = append(fields, Field{p.Text("case.contact_" + string(contact.Channel)), value})
	}
	var numbers []string
	for _, number := range key.Numbers {
		numbers = append(numbers, p.Format("key.number", Values{
			"Kind": p.Text("number." + string(number.Kind)), "Source": p.Text("number.source_" + string(number.Source)),
		}))
	}
	if len(numbers) > 0 {
		fields = append(fields, Field{p.Text("key.numbers"), strings.Join(numbers, " · ")})
	}
	if !key.ValidUntil.IsZero() {
		fields = append(fields, Field{p.Text("done.valid_until"), p.ShortDate(key.ValidUntil)})
	}
	return fields
}

// plainReasons say no more than that something was done.
var plainReasons = []kiosk.KeyReason{"", kiosk.ReasonRequest, "enrolled", "contact_later", "time_over", "not_me", "settings_changed"}

// timeline is what happened to a key: what it became, why, when, where, and whether its holder was told.
func (p Presenter) timeline(events []kiosk.KeyEvent) []MomentModel {
	var moments []MomentModel
	for _, event := range events {
		where := []string{p.moment(event.At)}
		if event.Desk == "" {
			where = append(where, p.Text("key.centre"))
		} else {
			where = append(where, event.Desk)
		}
		if event.Staff != "" {
			where = append(where, event.Staff)
		}
		switch event.Notice {
		case kiosk.DeliveryNone, "none":
		default:
			where = append(where, p.Text("key.notice_"+string(event.Notice)))
		}
		if event.Leaf != nil {
			where = append(where, p.Format("key.leaf", Values{"Leaf": registerText(*event.Leaf)}))
		}
		moment := MomentModel{What: p.orName("key.cause.", event.Cause), Where: strings.Join(where, " · ")}
		if !slices.Contains(plainReasons, event.Reason) {
			moment.Why = p.orName("key.reason.", string(event.Reason))
		}
		moments = append(moments, moment)
	}
	return moments
}

// OtherErrand is no event of the session's: the case is closed, and the list of errands opened.
type OtherErrand struct{ kiosk.StillHere }

// KeyAgain is no event of the session's: what was chosen is chosen anew, and no reason is asked for any more.
type KeyAgain struct {
	kiosk.StillHere
	Errand string
}

// keyChoices is what may be done now, or why it is done.
func (p Presenter) keyChoices(m *ClerkModel, d Drafts) {
	state := p.State.Key
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
	other := Action{Text: p.Text("action.errands"), Key: "F1", Event: OtherErrand{}}
	switch {
	case state.Phase == kiosk.KeyReading, state.Phase == kiosk.KeyOpening:
		m.Actions = []Action{{Text: p.Text("action.waiting_centre"), Main: true}}
		return
	case state.ReasonMissing:
		m.Key.Why = p.Text("key.why_" + state.Choosing)
		m.Key.Means = p.Text("errand." + state.Choosing + ".before_clerk")
		for _, reason := range kiosk.Reasons[state.Choosing] {
			m.Key.Reasons = append(m.Key.Reasons, OptionModel{Text: p.Text("key.reason." + string(reason))})
			m.Key.Values = append(m.Key.Values, reason)
		}
		do := Action{Text: p.Text("errand." + state.Choosing + ".title"), Key: "Enter", Main: true, Event: kiosk.ReasonChosen{}}
		if state.Choosing == "cancel" {
			do.Main, do.Grave = false, true
		}
		back := p.back()
		back.Event = KeyAgain{Errand: state.Choosing}
		m.Actions = []Action{do, back}
		return
	case len(state.Offered) == 0:
		m.Actions = []Action{{Text: p.Text("action.next_person"), Key: "Enter", Main: true, Event: kiosk.Cancel{}}}
		m.Cancel = nil
		return
	}
	m.Key.Label = p.Text("key.may_do")
	for _, name := range state.Offered {
		m.Key.Names = append(m.Key.Names, name)
		m.Key.Options = append(m.Key.Options, OptionModel{Text: p.Text("errand." + name + ".title")})
	}
	chosen := state.Offered[0]
	for _, name := range slices.Concat([]string{d.Errand}, d.Wanted, []string{state.Choosing}) {
		if slices.Contains(state.Offered, name) {
			chosen = name
			break
		}
	}
	m.Key.Chosen = slices.Index(state.Offered, chosen)
	m.Key.Means = p.Text("errand." + chosen + ".before_clerk")
	m.Actions = []Action{{Text: p.Text("errand." + chosen + ".title"), Key: "Enter", Main: true, Event: kiosk.KeyChosen{Errand: chosen}}, other}
}

package present

import (
	"strconv"
	"strings"

	"balcao/kiosk"
)

// keyUntil is the key's last day. A citizen's outlives the card, which the clerk has just seen with another date.
func (p Presenter) keyUntil(receipt *kiosk.Receipt) string {
	until := p.ShortDate(receipt.ValidUntil)
	if receipt.Beyond == 0 {
		return until
	}
	return p.Format("done.valid_until_beyond", Values{"Date": until, "Count": receipt.Beyond})
}

// tips are what the person should know of the key. What to do when the contact is lost, the second, is completed by
// the channel that the person signs in with, and left out where there is none.
func (p Presenter) tips(pin, lost, last string) []string {
	tips := []string{p.Text(pin)}
	if p.State.Receipt != nil && p.State.Receipt.Login != "" {
		channel := kiosk.Email
		if strings.HasPrefix(p.State.Receipt.Login, "+") {
			channel = kiosk.SMS
		}
		tips = append(tips, p.Text(lost+string(channel)))
	}
	return append(tips, p.Text(last))
}

func numbered(texts []string) []string {
	for i := range texts {
		texts[i] = strconv.Itoa(i+1) + ". " + texts[i]
	}
	return texts
}

func (p Presenter) done(m *ClerkModel) {
	receipt := p.State.Receipt
	m.Actions = []Action{{Text: p.Text("action.next_person"), Key: "Enter", Main: true, Event: kiosk.NextPerson{}}}
	if receipt == nil {
		return
	}
	if m.Tick = kiosk.Passed; receipt.Pending {
		p.pending(m)
		return
	}
	m.Subtitle = p.Format("done.subtitle", Values{
		"Time":     receipt.ActiveAt.In(p.State.Now.Location()).Format("15:04:05"),
		"Level":    p.Text("level." + levelKey(receipt.Assurance.Level)),
		"Register": registerText(receipt.Register),
	})
	m.Receipt = receiptModel{
		Shown:  true,
		Fields: []Field{{p.Text("review.person"), receipt.Person}},
		Tell:   p.Text("done.tell"),
		Tips:   numbered(p.tips("done.tell_pin", "done.tell_lost_", "done.tell_message")),
	}
	if receipt.Login != "" {
		login := p.Format("review.login_value", Values{"Contact": contactText(receipt.Login)})
		m.Receipt.Fields = append(m.Receipt.Fields, Field{p.Text("review.login"), login})
	}
	m.Receipt.Fields = append(m.Receipt.Fields,
		Field{p.Text("done.valid_until"), p.keyUntil(receipt)}, Field{p.Text("done.desk_time"), p.span(receipt.DeskTime)})
	if missing := p.checkNames(receipt.Assurance.Missing); len(missing) > 0 {
		why := p.Format("done.why_missing", Values{"Checks": strings.Join(missing, "; ")})
		m.Receipt.Fields = append(m.Receipt.Fields, Field{p.Text("done.why"), why})
	}
	m.Note = p.wipesIn(receipt)
}

func (p Presenter) wipesIn(receipt *kiosk.Receipt) string {
	if receipt.WipeAt.IsZero() {
		return ""
	}
	return p.Format("done.wipes_in", Values{"Time": countdown(receipt.WipeAt.Sub(p.State.Now))})
}

// pending is the end of an enrolment that waits for a supervisor, for whatever reason: the page does not tell which.
func (p Presenter) pending(m *ClerkModel) {
	receipt := p.State.Receipt
	m.Title, m.Subtitle, m.Tick, m.Note = p.Text("done.pending"), p.Text("done.pending_then"), kiosk.Unknown, p.wipesIn(receipt)
	m.Receipt = receiptModel{
		Shown: true,
		Fields: []Field{{p.Text("review.person"), receipt.Person}, {p.Text("done.state"), p.Text("done.state_pending")},
			{p.Text("done.desk_time"), p.span(receipt.DeskTime)}},
		Tell: p.Text("done.tell"),
		Tips: numbered([]string{p.Text("done.tell_pending"), p.Text("done.tell_pending_message"), p.Text("done.tell_pin")}),
	}
}

func (p Presenter) citizenDone(m *CitizenModel) {
	if p.State.Receipt != nil && p.State.Receipt.Pending {
		p.message(m, "pending", SignWait)
		m.Sign = SignWait // of a travel document too
		m.Points = PlainLines([]string{p.Text("citizen.pending.message"), p.Text("citizen.done.never"), p.Text("citizen.done.card")})
		return
	}
	m.Key, m.Sign, m.Title = "done", SignDone, p.Text("citizen.done.title")
	if p.State.Receipt != nil && p.State.Receipt.Login != "" {
		m.Text = p.Format("citizen.done.text", Values{"Login": contactText(p.State.Receipt.Login)})
	}
	m.Points = PlainLines(p.tips("citizen.done.never", "citizen.done.lost_", "citizen.done.card"))
}

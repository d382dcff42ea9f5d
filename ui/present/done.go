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
	m.Tick = kiosk.Passed
	switch {
	case receipt.Pending:
		p.pending(m)
		return
	case receipt.Errand != "" && receipt.Errand != kiosk.Errands[0].Name:
		p.changed(m)
		return
	case receipt.Activation.Channel != "":
		p.activatedLater(m)
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
	m.Receipt.Notices = p.messages()
	p.papersOf(m, true)
}

// papersOf offers what can be printed of a receipt, and says what became of it.
func (p Presenter) papersOf(m *ClerkModel, form bool) {
	m.Receipt.Printed = p.printed()
	m.Actions = append(m.Actions, p.print(kiosk.PrintOfReceipt, "action.print_receipt", "F4"))
	if form {
		m.Actions = append(m.Actions, p.print(kiosk.PrintForm, "action.print_form", "F5"))
	}
}

// changed is the end of an errand that changed a key: what it did, how the key stands, and who was told.
func (p Presenter) changed(m *ClerkModel) {
	receipt := p.State.Receipt
	name := "errand." + receipt.Errand
	m.Title, m.Subtitle, m.Note = p.Text(name+".done_clerk"), p.Format("done.register", Values{"Register": registerText(receipt.Register)}), p.wipesIn(receipt)
	model := &m.Receipt
	model.Shown, model.Tell = true, p.Text("done.tell")
	if receipt.Person != "" {
		model.Fields = []Field{{p.Text("review.person"), receipt.Person}}
	}
	if key := receipt.Key; key != nil {
		model.State, model.Tag = p.Text("key.state_label"), p.tag(key.State)
		for _, contact := range key.Contacts {
			model.Fields = append(model.Fields, Field{p.Text("case.contact_" + string(contact.Channel)), strings.ReplaceAll(contact.Value, " ", "\u00a0")})
		}
		if !key.ValidUntil.IsZero() {
			model.Fields = append(model.Fields, Field{p.Text("done.valid_until"), p.ShortDate(key.ValidUntil)})
		}
		model.Notices = p.noticeLines(key)
	}
	if receipt.DeskTime > 0 {
		model.Fields = append(model.Fields, Field{p.Text("done.desk_time"), p.span(receipt.DeskTime)})
	}
	if messages := p.messages(); len(messages) > 0 {
		model.Notices = messages
	}
	model.Tips = numbered([]string{p.Text(name + ".done"), p.Text("done.tell_notice"), p.Text("done.tell_pin")})
	p.papersOf(m, false)
	if receipt.Undo != "" {
		m.Actions = append(m.Actions, Action{Text: p.Format("action.undo", Values{"Errand": lowerFirst(p.Text("errand." + receipt.Undo + ".title"))}), Key: "F8", Event: kiosk.UndoChosen{}})
	}
}

// noticeLines say whether the holder was told of the newest change, and what to do where a message did not come through.
func (p Presenter) noticeLines(key *kiosk.Key) []Line {
	if len(key.Timeline) == 0 {
		return nil
	}
	switch notice := key.Timeline[0].Notice; notice {
	case kiosk.DeliveryNone, "none":
		return []Line{{p.Text("done.notice_none"), ToneQuiet}}
	case kiosk.DeliveryFailed:
		return []Line{{p.Text("done.notice_failed"), ToneCare}}
	default:
		return []Line{{p.Text("done.notice_" + string(notice)), ToneQuiet}}
	}
}

// messages say how far what the centre sent in this visit came, and why not further. Where one failed, the other contact is
// left.
func (p Presenter) messages() []Line {
	var lines []Line
	for _, message := range p.State.Messages {
		if message.Kind == kiosk.MessageCode || message.Delivery == kiosk.DeliveryNone {
			continue
		}
		text := p.Format("done.message_"+message.Kind, Values{"State": p.Text("contact.delivery." + string(message.Delivery)), "Channel": p.Text("later.channel_" + string(message.Channel))})
		tone := ToneQuiet
		if message.Reason != "" {
			text += " (" + p.Text("contact.fail_"+string(message.Reason)) + ")"
		}
		if message.Delivery == kiosk.DeliveryFailed {
			tone, text = ToneCare, text+". "+p.Text("done.other_contact")
		}
		lines = append(lines, Line{text, tone})
	}
	return lines
}

// activatedLater is the end of an enrolment whose key waits for an activation code.
func (p Presenter) activatedLater(m *ClerkModel) {
	receipt := p.State.Receipt
	sent := receipt.Activation
	m.Title, m.Subtitle = p.Text("done.later"), p.Format("done.register", Values{"Register": registerText(receipt.Register)})
	m.Note = p.wipesIn(receipt)
	code := p.Format("done.code_"+string(sent.Channel), Values{"Value": contactText(sent.Value), "Until": p.moment(sent.ExpiresAt)})
	m.Receipt = receiptModel{
		Shown: true, State: p.Text("key.state_label"), Tag: p.tag(kiosk.StatusPending),
		Fields:  []Field{{p.Text("review.person"), receipt.Person}, {p.Text("key.code"), code}, {p.Text("done.desk_time"), p.span(receipt.DeskTime)}},
		Notices: p.messages(),
		Tell:    p.Text("done.tell"),
		Tips:    numbered([]string{p.Text("done.tell_later_" + string(sent.Channel)), p.Text("done.tell_later_bring"), p.Text("done.tell_pin")}),
	}
	p.papersOf(m, true)
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
	receipt := p.State.Receipt
	switch {
	case receipt != nil && receipt.Errand != "" && receipt.Errand != kiosk.Errands[0].Name:
		m.Key, m.Sign, m.Title = "done/"+receipt.Errand, SignDone, p.Text("citizen.changed.title")
		m.Text = p.Text("errand." + receipt.Errand + ".done")
		told := []string{p.Text("citizen.changed.told"), p.Text("citizen.changed.not_me")}
		if key := receipt.Key; key == nil || len(key.Timeline) == 0 || key.Timeline[0].Notice == kiosk.DeliveryNone || key.Timeline[0].Notice == "none" {
			told = nil
		}
		m.Points = PlainLines(append(told, p.Text("citizen.done.never")))
		return
	case receipt != nil && receipt.Activation.Channel != "":
		m.Key, m.Sign, m.Title = "done/later", SignDone, p.Text("citizen.later.title")
		m.Text = p.Text("citizen.later.text_" + string(receipt.Activation.Channel))
		m.Points = PlainLines([]string{p.Text("citizen.later.bring"), p.Text("citizen.done.never")})
		return
	}
	m.Key, m.Sign, m.Title = "done", SignDone, p.Text("citizen.done.title")
	if p.State.Receipt != nil && p.State.Receipt.Login != "" {
		m.Text = p.Format("citizen.done.text", Values{"Login": contactText(p.State.Receipt.Login)})
	}
	m.Points = PlainLines(p.tips("citizen.done.never", "citizen.done.lost_", "citizen.done.card"))
}

package desk_test

import (
	"slices"

	"balcao/kiosk"
)

// The walk through an enrolment, step by step. Each waits until the desk is where the next begins.

func complete(s kiosk.State) bool {
	return s.Document.Complete && (s.Document.Photo != nil || s.Document.PhotoAbsent)
}

func phase(p kiosk.ReviewPhase) func(kiosk.State) bool {
	return func(s kiosk.State) bool { return s.Review.Phase == p }
}

func problem(code kiosk.ProblemCode) func(kiosk.State) bool {
	return func(s kiosk.State) bool { return s.Problem != nil && s.Problem.Code == code }
}

func empty(s kiosk.State) bool { return s.Case == 0 }

func done(s kiosk.State) bool { return s.Step == kiosk.StepDone }

// insert puts a card into the first reader.
func (d *running) insert(name string) {
	d.t.Helper()
	c, pin := d.card(name)
	d.fresh().pin = pin
	d.slots.insert(1, c)
}

func (d *running) read(name string) {
	d.t.Helper()
	d.insert(name)
	d.untilRead()
}

func (d *running) untilRead() {
	d.t.Helper()
	d.until("document read", complete)
}

func (d *running) confirmPerson() {
	d.t.Helper()
	d.do(kiosk.PersonConfirmed{})
	d.until("enrolment open", func(s kiosk.State) bool { return s.Step == kiosk.StepContact && !s.Contact.Opening })
}

// askForCode enters a phone number that nobody used before, or an address.
func (d *running) askForCode(channel kiosk.Channel) {
	d.t.Helper()
	d.channel, d.contact = channel, d.phone()
	if channel == kiosk.Email {
		d.contact = "pessoa@" + d.contact[4:] + ".example"
	}
	d.do(kiosk.ContactEntered{Channel: channel, Text: d.contact})
	d.until("code awaited", func(s kiosk.State) bool { return s.Contact.Awaited == channel })
}

func (d *running) typeCode() {
	d.t.Helper()
	d.do(kiosk.CodeTyped{Code: d.outbox.code(d.ctx, d.t, d.contact)})
	d.until("contact proven", func(s kiosk.State) bool { return s.Contact.Settled })
}

func (d *running) choosePIN() {
	d.t.Helper()
	d.do(kiosk.Continue{}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)})
	d.until("PIN sealed", phase(kiosk.ReviewReading))
}

func (d *running) agree() {
	d.t.Helper()
	d.do(kiosk.Agreed{})
	d.until("card's PIN asked for", phase(kiosk.ReviewCardPIN))
}

func (d *running) typeCardPIN() {
	d.t.Helper()
	d.do(kiosk.CardPINTyped{PIN: kiosk.Secret(d.pin)})
}

// toSigning walks from an empty desk to the card's PIN.
func (d *running) toSigning(name string, channel kiosk.Channel) {
	d.t.Helper()
	d.read(name)
	d.fromReadToSigning(channel)
}

func (d *running) fromReadToSigning(channel kiosk.Channel) {
	d.t.Helper()
	d.confirmPerson()
	d.askForCode(channel)
	d.typeCode()
	d.choosePIN()
	d.agree()
}

func (d *running) finish() kiosk.State {
	d.t.Helper()
	d.typeCardPIN()
	return d.until("key active", done)
}

// goodCards are a card of each generation.
var goodCards = []struct {
	name    string
	channel kiosk.Channel
}{{"cc1-rsa2048", kiosk.SMS}, {"cc2024", kiosk.Email}}

func hasCheck(s kiosk.State, name kiosk.CheckName, result kiosk.Result) bool {
	return slices.ContainsFunc(s.Document.Checks, func(c kiosk.Check) bool { return c.Name == name && c.Result == result })
}

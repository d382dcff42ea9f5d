package desk_test

import (
	"fmt"
	"slices"
	"strings"

	"balcao/kiosk"
	"balcao/mock-pcsc/fixtures"
)

// The walk through an enrolment, step by step. Each waits until the desk is where the next begins.

func complete(s kiosk.State) bool {
	return s.Document.Complete && (s.Document.Photo != nil || s.Document.PhotoAbsent)
}

func phase(p kiosk.ReviewPhase) func(kiosk.State) bool {
	return func(s kiosk.State) bool { return s.Step == kiosk.StepReview && s.Review.Phase == p }
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
	d.slots.Insert(1, c)
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

// asks reports whether the desk waits for what is printed on a document.
func asks(s kiosk.State) bool {
	return s.Document.Access.Asked && !s.Document.Access.Opening && s.Step == kiosk.StepDocument
}

// typePrinted types what a document shows and lets the chip try it.
func (d *running) typePrinted(e fixtures.Entry) {
	d.t.Helper()
	typed := kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: e.CAN}
	if len(e.MRZ) > 0 {
		typed = kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: strings.Join(e.MRZ, "\n")}
	}
	d.do(typed, kiosk.Continue{})
}

// readTravel reads a document whose chip has to be opened.
func (d *running) readTravel(name string) {
	d.t.Helper()
	d.insert(name)
	d.until(name+" asks for what is printed", asks)
	d.typePrinted(d.entry(name))
	d.untilRead()
}

func (d *running) entry(name string) fixtures.Entry {
	d.t.Helper()
	for _, e := range d.fixtures.Entries() {
		if e.Name == name {
			return e
		}
	}
	d.t.Fatalf("no %s in the fixtures", name)
	return fixtures.Entry{}
}

// bring enters what a person without a Citizen Card brings. The tax number is one that nobody used before.
func (d *running) bring(change func(*kiosk.Eligibility)) {
	d.t.Helper()
	d.numbers++
	brought := papers(d.numbers)
	if change != nil {
		change(&brought)
	}
	d.do(kiosk.PersonConfirmed{}, kiosk.EligibilityEntered{Eligibility: brought}, kiosk.Continue{})
	d.until("enrolment open", func(s kiosk.State) bool { return s.Step == kiosk.StepContact && !s.Contact.Opening })
}

// papers are what somebody brings, whose tax number is the nth.
func papers(n int) kiosk.Eligibility {
	return kiosk.Eligibility{
		TaxNumber: taxNumber(n), Independence: kiosk.Independent,
		Address: kiosk.Seen{Kind: kiosk.SeenLease, Issuer: "Senhorio de ensaio", Issued: kiosk.Date{Year: 2026, Month: 1, Day: 9}},
	}
}

// taxNumber returns a number with a right check digit that nobody can have.
func taxNumber(n int) string {
	for check := range 10 {
		if nif := fmt.Sprintf("4000%04d%d", n, check); kiosk.CheckTaxNumber(nif) {
			return nif
		}
	}
	panic("every number has a check digit")
}

// toReview goes from an open enrolment to the review.
func (d *running) toReview(channel kiosk.Channel) {
	d.t.Helper()
	d.askForCode(channel)
	d.typeCode()
	d.choosePIN()
	d.until("review", phase(kiosk.ReviewReading))
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
	d.do(kiosk.CodeTyped{Code: kiosk.Secret(d.SMS.Code(d.ctx, d.t, d.contact))})
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

// takeOut ends a case on its last page, as a person does who takes the document: no key is needed.
func (d *running) takeOut() {
	d.t.Helper()
	d.fresh().slots.Remove(1)
	d.until("empty desk", empty)
}

// goodCards are a card of each generation.
var goodCards = []struct {
	name    string
	channel kiosk.Channel
}{{"cc1-rsa2048", kiosk.SMS}, {"cc2024", kiosk.Email}}

func hasCheck(s kiosk.State, name kiosk.CheckName, result kiosk.Result) bool {
	return slices.ContainsFunc(s.Document.Checks, func(c kiosk.Check) bool { return c.Name == name && c.Result == result })
}

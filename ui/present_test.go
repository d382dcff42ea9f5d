package ui_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
	"balcao/ui"
	"balcao/ui/present"
)

func clerk(s kiosk.State) string { return ui.PresentClerk(s, false, "", "", "").Title }

func TestClerkPages(t *testing.T) {
	en := kiosk.English
	for _, test := range []struct {
		name, want string
		state      kiosk.State
	}{
		{"Idle", "Insert the document, or lay it down", idle(en)},
		{"Reading", "Reading the Citizen Card", reading(en)},
		{"LeftBehind", "Take the previous person's card or document out of reader 1", leftBehind(en)},
		{"ServiceStopped", "The card reader service has stopped", stopped(en)},
		{"Identity", "Confirm the identity", identity(en)},
		{"Contact", "Confirm the contact", contact(en)},
		{"PIN", "The person chooses a PIN", pin(kiosk.PINFirst)(en)},
		{"PINKept", "The PIN is chosen", pin(kiosk.PINSealed)(en)},
		{"Review", "Review and sign", review(kiosk.ReviewReading)(en)},
		{"Done", "The key is active", done(en)},
		{"ProblemFirst", "The card was taken out of the reader", problem("card_removed", false)(en)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := clerk(test.state); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestTipsFollowTheLogin: who signs in with an e-mail is not told what to do without a telephone.
func TestTipsFollowTheLogin(t *testing.T) {
	phone, email := "If you lose the phone", "If you lose access to the e-mail"
	tell, tellEmail := "2. If the phone is lost", "2. If access to the e-mail is lost"
	for _, test := range []struct {
		name, login string
		said, not   []string
	}{
		{"Telephone", "+351912345678", []string{phone, tell, "3. A message"}, []string{email, tellEmail}},
		{"Email", "anabela@exemplo.pt", []string{email, tellEmail, "3. A message"}, []string{phone, tell}},
		{"None", "", []string{"2. A message"}, []string{phone, email, "is lost", "Sign in with", "and the PIN"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := done(kiosk.English)
			s.Receipt.Login = test.login
			d := newDesk(t, ui.Options{})
			d.Show(s)
			shown := visibleText(d.Clerk()) + visibleText(d.Citizen())
			for _, want := range test.said {
				if !strings.Contains(shown, want) {
					t.Errorf("%q is not said", want)
				}
			}
			for _, not := range test.not {
				if strings.Contains(shown, not) {
					t.Errorf("%q is said", not)
				}
			}
		})
	}
}

func TestChannelLine(t *testing.T) {
	base := contactSent(kiosk.English)
	for _, test := range []struct {
		name, want string
		change     func(*kiosk.ChannelState)
		draft      string
	}{
		{"Sent", "Sent 40 s ago · delivered · send again in 0:20", func(*kiosk.ChannelState) {}, "912 345 678"},
		{"Minutes", "Sent 2 min ago · delivered · may be sent again (F5)", func(c *kiosk.ChannelState) {
			c.SentAt, c.ResendAt = today.Add(-150*time.Second), today
		}, "912 345 678"},
		{"UsedUp", "Sent 40 s ago · could not be delivered · no sends left", func(c *kiosk.ChannelState) {
			c.SendsLeft, c.Delivery = 0, kiosk.DeliveryFailed
		}, "912 345 678"},
		{"Confirmed", "Code confirmed 12 s ago", func(c *kiosk.ChannelState) { c.ConfirmedAt = proofed }, "912 345 678"},
		{"Wrong", "Wrong code. 1 try left.", func(c *kiosk.ChannelState) { c.Problem, c.TriesLeft = kiosk.CodeWrong, 1 }, "912 345 678"},
		{"Edited", "Enter sends a code by SMS.", func(c *kiosk.ChannelState) { c.Problem = kiosk.CodeWrong }, "912 345 679"},
		{"Sending", "Asking for the code to be sent…", func(c *kiosk.ChannelState) { c.Sending = true }, "912 345 678"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := base
			test.change(&s.Contact.Phone)
			got := ui.PresentClerk(s, false, test.draft, "", kiosk.SMS).Contact.Phone.Status.Text
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	t.Run("CentresClock", func(t *testing.T) {
		s := base
		s.Status.Centre.Skew = 10 * time.Second
		got := ui.PresentClerk(s, false, "912 345 678", "", kiosk.SMS).Contact.Phone.Status.Text
		if want := "Sent 30 s ago · delivered · send again in 0:30"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestFailureIsToldToBoth: a code that stopped is no longer asked for, and both windows say so, and why.
func TestFailureIsToldToBoth(t *testing.T) {
	en := kiosk.English
	nothingLeft := contactFailed(lockedChannel)(en)
	nothingLeft.Contact.Email.Problem = kiosk.ChannelLocked
	withMail := proven(contact(en))
	withMail.Contact.Phone = contactFailed(undelivered)(en).Contact.Phone
	withMail.Contact.Failed = kiosk.SMS
	for _, test := range []struct {
		name           string
		state          kiosk.State
		clerk, citizen string
	}{
		{"Undelivered", contactFailed(undelivered)(en), "The SMS did not reach +351 912 345 678. Why: the phone was off or out of reach. Check the number with the person, or use the e-mail.", "We could not send it"},
		{"Taken", contactFailed(taken)(en), "The code was right, but +351 912 345 678 already belongs to another person's key. Check the number with the person, or use the e-mail.",
			"This contact belongs to another key"},
		{"Expired", contactFailed(expired)(en), "The code sent to +351 912 345 678 has expired. Send another (F5), or use the other channel.", "The code has expired"},
		{"ChannelLocked", contactFailed(lockedChannel)(en),
			"The 3 tries by SMS are used up. No mobile phone can be confirmed in this enrolment any more, nor another number. The e-mail is left.", "There are no tries left"},
		{"BothLocked", nothingLeft, "The 3 tries by SMS are used up. No mobile phone can be confirmed in this enrolment any more, nor another number. " +
			"The other channel cannot be used any more either: cancel (Esc) and begin again.", "There are no tries left"},
		{"WhenAnotherIsProven", withMail, "The SMS did not reach +351 912 345 678. Why: the phone was off or out of reach. Correct it, or continue with only the confirmed contact.", "We could not send it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			clerk := strings.ReplaceAll(ui.PresentClerk(test.state, false, "+351 912 345 678", "", kiosk.SMS).Contact.Message.Text, "\u00a0", " ")
			if clerk != test.clerk {
				t.Errorf("clerk: got %q, want %q", clerk, test.clerk)
			}
			citizen := ui.PresentCitizen(test.state, false)
			if citizen.Title != test.citizen || !strings.Contains(citizen.Text, "678") {
				t.Errorf("citizen: got %q, %q, want %q", citizen.Title, citizen.Text, test.citizen)
			}
		})
	}
	t.Run("OnlyWhatIsLeftIsAdvised", func(t *testing.T) {
		locked := contactOther(en)
		locked.Contact.Phone.Problem = kiosk.ChannelLocked
		for name, state := range map[string]kiosk.State{"locked": locked, "confirmed": contactBoth(en), "open": contactSent(en)} {
			fields := ui.PresentClerk(state, false, "", "", "").Contact.Fields
			if advised := strings.Contains(fields[2].Value, "other channel"); advised != (name == "open") {
				t.Errorf("the other channel is %s: got %q", name, fields[2].Value)
			}
		}
	})
	t.Run("OtherIsAskedForInstead", func(t *testing.T) {
		citizen := ui.PresentCitizen(contactOther(en), false)
		if got, want := citizen.Points[0].Text, "We could not send it: +351\u00a0912\u00a0345\u00a0678."; citizen.Title != "Type the code you received" || got != want {
			t.Errorf("got %q, %q, want %q", citizen.Title, got, want)
		}
	})
}

func TestChecks(t *testing.T) {
	rows := ui.PresentClerk(identityUnsure(kiosk.Portuguese), false, "", "", "").Identity.Checks
	details := map[string]string{}
	for _, row := range rows {
		details[row.Text] = row.Detail + "|" + row.Remedy
	}
	want := map[string]string{
		"Chip do Cartão de Cidadão":   "chip|",
		"Dados assinados":             "SOD · 0,05 s|",
		"Idade suficiente":            "relógio|",
		"Fotografia igual à assinada": "não se aplica|",
		"Certificado não revogado":    "ocsp.auc.cartaodecidadao.pt · 0,4 s|Sem resposta sobre a revogação: tente daqui a pouco.",
		"Chip original, não é cópia":  "prova-se na assinatura|",
	}
	for text, detail := range want {
		if got := details[text]; got != detail {
			t.Errorf("%s: got %q, want %q", text, got, detail)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for trip, want := range map[time.Duration]string{
		300 * time.Microsecond: "Centre: <\u00a01 ms", time.Millisecond: "Centre: 1 ms", 6900 * time.Microsecond: "Centre: 6 ms",
	} {
		s := idle(kiosk.English)
		s.Status.Centre.RoundTrip = trip
		if got := ui.PresentClerk(s, false, "", "", "").Lights[2].Text; got != want {
			t.Errorf("%v: got %q, want %q", trip, got, want)
		}
	}
}

func TestAgeFollowsTheSetting(t *testing.T) {
	for age, want := range map[int]string{16: "pelo menos 16 anos", 1: "pelo menos 1 ano", 0: ""} {
		s := idle(kiosk.Portuguese)
		s.MinAge = age
		got := ""
		if needs := ui.PresentClerk(s, false, "", "", "").Document.Needs; len(needs) > 3 {
			got = needs[3]
		}
		if got != want {
			t.Errorf("%d: got %q, want %q", age, got, want)
		}
	}
}

func TestIdentityFields(t *testing.T) {
	var got []string
	for _, f := range ui.PresentClerk(identity(kiosk.Portuguese), false, "", "", "").Identity.Fields {
		got = append(got, f.Label+": "+f.Value)
	}
	want := []string{
		"Apelido: Exemplo Inventado", "Nome: Anabela", "Nascimento: 12-08-1974 · 52 anos", "Nacionalidade: Portugal (PRT)",
		"Documento: Cartão de Cidadão\n99000588 7 ZZ1", "Válido até: 15-04-2034", "NIF: 403\u00a0456\u00a0783",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// TestCitizenPages looks at what the citizen's screen says while it is the clerk's turn.
func TestCitizenPages(t *testing.T) {
	en := kiosk.English
	for _, test := range []struct {
		name, want string
		state      kiosk.State
	}{
		{"Welcome", "Welcome", idle(en)},
		{"WelcomeWhileReadersFail", "Welcome", stopped(en)},
		{"Problem", "One moment, please", problem("card_removed", false)(en)},
		{"Cancelling", "One moment, please", cancelling(en)},
		{"Contact", "Tell the clerk your contact", contact(en)},
		{"Code", "Type the code you received", contactSent(en)},
		{"Confirmed", "Contact confirmed", proven(contact(en))},
		{"PIN", "Choose your PIN", pin(kiosk.PINFirst)(en)},
		{"Repeat", "Repeat the PIN", pin(kiosk.PINRepeat)(en)},
		{"Review", "Is everything right?", review(kiosk.ReviewReading)(en)},
		{"Disputed", "Tell the clerk what is wrong", reviewDisputed(en)},
		{"CardAway", "Insert your card again", cardAway(contactSent)(en)},
		{"DocumentAway", "Lay your document on the reader again", cardAway(travelPIN)(en)},
		{"CardPIN", "PIN of your Citizen Card", review(kiosk.ReviewCardPIN)(en)},
		{"Done", "Your key is active", done(en)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ui.PresentCitizen(test.state, false).Title; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestLanguagesAreApart gives the two screens two languages at once.
func TestLanguagesAreApart(t *testing.T) {
	s := identity(kiosk.Portuguese)
	s.CitizenLanguage = kiosk.English
	if got, want := clerk(s), "Confirme a identidade"; got != want {
		t.Errorf("clerk: got %q, want %q", got, want)
	}
	if got, want := ui.PresentCitizen(s, false).Title, "The clerk confirms who you are"; got != want {
		t.Errorf("citizen: got %q, want %q", got, want)
	}
}

func TestOneScreen(t *testing.T) {
	d := newDesk(t, ui.Options{OneScreen: true})
	s := pin(kiosk.PINFirst)(kiosk.English)
	d.Show(s)
	if got := visibleText(d.Clerk()); !strings.Contains(got, "Hand over the screen") || strings.Contains(got, "Choose your PIN") {
		t.Errorf("before: the clerk's page does not offer to hand over:\n%s", got)
	}
	press(d.Clerk(), "F2")
	if diff := cmp.Diff([]kiosk.Event{kiosk.HandOver{ToCitizen: true}}, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	s.HandedOver = true
	d.Show(s)
	if got := visibleText(d.Clerk()); !strings.Contains(got, "Choose your PIN") || strings.Contains(got, "Document") {
		t.Errorf("handed over: not the citizen's page alone:\n%s", got)
	}
	write(d.Clerk(), "731946")
	press(d.Clerk(), "Return", "F2")
	want := []kiosk.Event{kiosk.PINTyped{PIN: kiosk.Secret("731946")}, kiosk.HandOver{}}
	if diff := cmp.Diff(want, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	s.HandedOver = false
	d.Show(s)
	press(d.Clerk(), "Escape")
	if diff := cmp.Diff([]kiosk.Event{kiosk.Cancel{}}, d.sent()); diff != "" {
		t.Errorf("given back, sent (-want +got):\n%s", diff)
	}
}

// TestWithoutPhotograph: both are told with what the person is compared, and the clerk's line asks for care.
func TestWithoutPhotograph(t *testing.T) {
	travels := identity(kiosk.English)
	person := *travels.Document.Identity
	person.Kind = kiosk.Passport
	travels.Document.Identity, travels.Document.Photo, travels.Document.PhotoAbsent = &person, nil, true
	for _, test := range []struct {
		name           string
		state          kiosk.State
		care           bool
		clerk, citizen string
	}{
		{"Card", identityUnsure(kiosk.English), true, "on another document", "Please show another document with a photograph"},
		{"Chip", travels, true, "printed on the document", "The clerk confirms who you are"},
		{"WithOne", identity(kiosk.English), false, "Compare the photograph", "The clerk confirms who you are"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := ui.PresentClerk(test.state, false, "", "", "")
			if !strings.Contains(m.Subtitle, test.clerk) || m.Care != test.care {
				t.Errorf("clerk: got %q, care %v", m.Subtitle, m.Care)
			}
			c := ui.PresentCitizen(test.state, false)
			if c.Title != test.citizen || strings.Contains(c.Text, "compare the card's photograph") != (test.name == "WithOne") {
				t.Errorf("citizen: got %q, %q", c.Title, c.Text)
			}
		})
	}
}

// TestCheckSaysWhatItIs: somebody whose document is only checked reads nothing of a key, and the clerk nothing of
// proofs that are not asked for.
func TestCheckSaysWhatItIs(t *testing.T) {
	en := kiosk.English
	loading, lacking := passportLoading(en), passportWeak(en)
	loading.Errand, lacking.Errand = kiosk.Errands[1], kiosk.Errands[1]
	readingCard := identityLoading(en)
	readingCard.Errand = kiosk.Errands[1]
	for _, test := range []struct {
		name         string
		state        kiosk.State
		citizen      string // among what the citizen reads
		level, proof string // on the clerk's page of the person: and what it says of the key
		tone         present.Tone
	}{
		{"Empty", checkDesk(en), "Here we check that your document is genuine and yours.", "", "", present.ToneQuiet},
		{"Card", checkIdentity(en), "", "The chip may be a copy.", "not asked for here", present.ToneCare},
		{"CardBeforeItsChecks", readingCard, "", "Assurance level: not yet known", "not asked for here", present.ToneQuiet},
		{"Passport", checkPassport(en), "The clerk will tell you the result.", "The document and its chip are genuine.", "not asked for here", present.ToneGood},
		{"PassportBeforeItsChecks", loading, "The clerk will tell you the result.", "Assurance level: not yet known", "not asked for here", present.ToneQuiet},
		{"PassportWithoutProof", lacking, "The clerk will tell you the result.", "Assurance level: substantial", "", present.ToneCare},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := ui.PresentCitizen(test.state, false)
			said := c.Text
			for _, point := range c.Points {
				said += "\n" + point.Text
			}
			if !strings.Contains(said, test.citizen) || strings.Contains(said, "PIN") || strings.Contains(said, "Key") {
				t.Errorf("citizen: got %q", said)
			}
			m := ui.PresentClerk(test.state, false, "", "", "")
			if !strings.Contains(m.Identity.Level.Text, test.level) || m.Identity.Level.Tone != test.tone {
				t.Errorf("got %q of tone %d", m.Identity.Level.Text, m.Identity.Level.Tone)
			}
			for i, check := range test.state.Document.Checks {
				if row := m.Identity.Checks; check.Name == kiosk.CheckKey && check.Result == kiosk.Pending && row[i].Detail != test.proof {
					t.Errorf("the key: got %q, want %q", row[i].Detail, test.proof)
				}
			}
		})
	}
	t.Run("NeedsNoCentre", func(t *testing.T) {
		m := ui.PresentClerk(checkAway(en), false, "", "", "").Document
		if m.Notice != nil || strings.Contains(m.Documents[0].Value, "sign") {
			t.Errorf("a check is told %v; the card: %q", m.Notice, m.Documents[0].Value)
		}
		if notice := ui.PresentClerk(centreDown(en), false, "", "", "").Document.Notice; notice == nil {
			t.Error("an enrolment is not told")
		}
	})
}

// TestDocumentThatIsAway: the clerk reads of the passport what of a card is read as a card.
func TestDocumentThatIsAway(t *testing.T) {
	m := ui.PresentClerk(cardAway(travelPIN)(kiosk.English), false, "", "", "")
	if got := m.Lights[1].Text; got != "Reader 2: document removed" {
		t.Errorf("light: got %q", got)
	}
	if got := m.Actions[0].Text; got != "Waiting for the document…" {
		t.Errorf("button: got %q", got)
	}
}

// TestReviewInPlainWords: the person reads dates of one form, and no terms of the trade.
func TestReviewInPlainWords(t *testing.T) {
	for _, test := range []struct {
		name string
		from func(kiosk.Language) kiosk.State
		want string
	}{
		{"High", passport, "The highest that a key can have."},
		{"Less", deskOnly, "One step below the highest"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(travelReview(test.from, kiosk.ReviewReading)(kiosk.English))
			shown := visibleText(d.Citizen())
			for _, want := range []string{"until 15\u00a0April\u00a02032", "1\u00a0March\u00a02026", test.want} {
				if !strings.Contains(shown, want) {
					t.Errorf("does not say %q:\n%s", want, shown)
				}
			}
			for _, jargon := range []string{"01-03-2026", "chip answers", "substantial", "channel"} {
				if strings.Contains(shown, jargon) {
					t.Errorf("says %q", jargon)
				}
			}
		})
	}
}

// TestLastTry: before the PIN that would block the card, both are warned, wherever it is typed.
func TestLastTry(t *testing.T) {
	const clerkWarned, citizenWarned = "the card blocks", "before the card blocks"
	for _, test := range []struct {
		name           string
		state          kiosk.State
		tries          int
		clerk, citizen bool
	}{
		{"BeforeAgreeing", review(kiosk.ReviewReading)(kiosk.English), 1, true, false},
		{"CardPIN", review(kiosk.ReviewCardPIN)(kiosk.English), 1, true, true},
		{"WrongBefore", reviewPINWrong(kiosk.English), 1, true, true},
		{"Keypad", reviewPinpadSigning(kiosk.English), 1, true, true},
		{"KeypadAgain", reviewPinpad(kiosk.English), 1, true, true},
		{"TwoLeft", review(kiosk.ReviewCardPIN)(kiosk.English), 2, false, false},
		{"Binding", review(kiosk.ReviewBinding)(kiosk.English), 1, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			test.state.Document.PINTries = test.tries
			d.Show(test.state)
			if got := strings.Contains(visibleText(d.Clerk()), clerkWarned); got != test.clerk {
				t.Errorf("the clerk is warned: got %v", got)
			}
			if got := strings.Contains(visibleText(d.Citizen()), citizenWarned); got != test.citizen {
				t.Errorf("the citizen is warned: got %v", got)
			}
		})
	}
}

// TestStrangeCharacterIsShown: a character that stands in the way of a contact is named, because it may look like
// another, or like none.
func TestStrangeCharacterIsShown(t *testing.T) {
	for _, test := range []struct {
		text    string
		problem kiosk.ContactProblem
		want    string
	}{
		{"912O45678", kiosk.PhoneCharacters, "«O»"},
		{"912\u203f345678", kiosk.PhoneCharacters, "U+203F"},
		{"ana b@exemplo.pt", kiosk.EmailSpace, "um espaço"},
		{"ana@exemplo;pt", kiosk.ContactInvalid, "«;»"},
	} {
		state := contact(kiosk.Portuguese)
		channel, status := kiosk.SMS, &state.Contact.Phone
		if strings.Contains(test.text, "@") {
			channel, status = kiosk.Email, &state.Contact.Email
		}
		*status = kiosk.ChannelState{Text: test.text, Problem: test.problem}
		model := ui.PresentClerk(state, false, state.Contact.Phone.Text, state.Contact.Email.Text, channel)
		got := model.Contact.Phone.Status.Text
		if channel == kiosk.Email {
			got = model.Contact.Email.Status.Text
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%q: says %q, want %s in it", test.text, got, test.want)
		}
	}
}

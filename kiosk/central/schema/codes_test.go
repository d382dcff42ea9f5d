package schema_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// codeModel is what process.md says of codes, for enrolments of two desks that share two phones.
type codeModel struct {
	now    time.Duration
	sends  []modelSend
	wrongs []modelWrong
}

type modelSend struct {
	enrolment, phone int
	at               time.Duration
	code             string
	used             bool
}

type modelWrong struct {
	enrolment, phone int
	sent             time.Duration // of the code that was tried
}

const (
	modelTries  = 3
	modelSends  = 4 // one and three resends
	modelWindow = 15 * time.Minute
)

// modelDesk is whose an enrolment is: the third is the other desk's.
func modelDesk(enrolment int) int { return enrolment / 2 }

// use is what desks did with a phone within the window.
func (m *codeModel) use(desk, phone int) (sends, wrong, others int, last time.Duration) {
	last = -time.Hour
	for _, s := range m.sends {
		switch {
		case s.phone != phone || m.now-s.at >= modelWindow:
		case modelDesk(s.enrolment) == desk:
			sends, last = sends+1, max(last, s.at)
		default:
			others++
		}
	}
	for _, w := range m.wrongs {
		switch {
		case w.phone != phone || m.now-w.sent >= modelWindow:
		case modelDesk(w.enrolment) == desk:
			wrong++
		default:
			others++
		}
	}
	return sends, wrong, others, last
}

func (m *codeModel) triesLeft(enrolment, phone int) int {
	_, wrong, _, _ := m.use(modelDesk(enrolment), phone)
	own := 0
	for _, w := range m.wrongs {
		if w.enrolment == enrolment {
			own++
		}
	}
	return modelTries - max(own, wrong)
}

// send says what the answer must be and, when it is yes, notes that it was sent.
func (m *codeModel) send(enrolment, phone int, code string) (refusal string, sendsLeft int) {
	sends, _, others, last := m.use(modelDesk(enrolment), phone)
	for of, n := 0, 0; of < len(m.sends); of++ {
		if m.sends[of].enrolment == enrolment && m.now-m.sends[of].at < modelWindow {
			n++
			sends = max(sends, n)
		}
	}
	sendsLeft = max(modelSends-sends, 0)
	switch {
	case m.triesLeft(enrolment, phone) <= 0:
		return "code_locked", sendsLeft
	case sendsLeft == 0:
		return "resends_used", sendsLeft
	case m.now-last < min(30*time.Second*time.Duration(1+others), 2*time.Minute):
		return "too_soon", sendsLeft
	}
	m.sends = append(m.sends, modelSend{enrolment: enrolment, phone: phone, at: m.now, code: code})
	return "", sendsLeft - 1
}

// newest is the newest code of an enrolment, nil when none was sent.
func (m *codeModel) newest(enrolment int) *modelSend {
	for i := len(m.sends) - 1; i >= 0; i-- {
		if m.sends[i].enrolment == enrolment {
			return &m.sends[i]
		}
	}
	return nil
}

func (m *codeModel) confirm(enrolment int, code string) (refusal string, triesLeft int) {
	s := m.newest(enrolment)
	left := m.triesLeft(enrolment, s.phone)
	switch {
	case left <= 0:
		return "code_locked", 0
	case s.used || m.now-s.at >= 5*time.Minute:
		return "code_expired", left
	case s.code == code:
		s.used = true
		return "", left
	}
	m.wrongs = append(m.wrongs, modelWrong{enrolment, s.phone, s.at})
	if left == 1 {
		return "code_locked", 0
	}
	return "code_wrong", left - 1
}

// TestCodesFollowTheirRules plays random visits at two desks against the model.
func TestCodesFollowTheirRules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unwatched()
	for _, limit := range []string{"desk_opens_per_hour", "desk_codes_per_hour"} {
		b.set(limit, 1_000_000)
	}
	desks := [2]desk{b.desk, b.newDesk("loja_2")}
	rapid.Check(t, func(rt *rapid.T) {
		m := &codeModel{}
		var enrolments [3]uuid.UUID
		for i := range enrolments {
			enrolments[i] = desks[modelDesk(i)].open(citizen())
		}
		phones := [2]string{phone(), phone()}
		count := 0
		var lastAttempt, lastEnrolment = uuid.Nil, 0
		var lastAnswer confirmed
		of, which := rapid.IntRange(0, 2), rapid.IntRange(0, 1)
		rt.Repeat(map[string]func(*rapid.T){
			"send": func(rt *rapid.T) {
				e, p := of.Draw(rt, "enrolment"), which.Draw(rt, "phone")
				count++
				code := fmt.Sprintf("%06d", 100000+count)
				want, sendsLeft := m.send(e, p, code)
				id := newID()
				d := desks[modelDesk(e)]
				got := must(d.trySend(enrolments[e], id, "sms", phones[p]))(t)
				if got.Refusal != want || got.SendsLeft != sendsLeft || got.TriesLeft != max(m.triesLeft(e, p), 0) {
					rt.Fatalf("send_code = %+v, want %q with %d sends and %d tries left", got, want, sendsLeft, m.triesLeft(e, p))
				}
				if want != "" {
					return
				}
				b.ready(id, code)
				again := must(d.trySend(enrolments[e], id, "sms", phones[p]))(t)
				if again.Refusal != "" || again.SendsLeft != got.SendsLeft || !again.ResendAt.Equal(*got.ResendAt) {
					rt.Fatalf("repeated send_code = %+v, want %+v", again, got)
				}
			},
			"confirm": func(rt *rapid.T) {
				e := of.Draw(rt, "enrolment")
				s := m.newest(e)
				if s == nil {
					rt.Skip("no code was sent")
				}
				code := rapid.SampledFrom([]string{"000000", s.code, m.sends[0].code}).Draw(rt, "code")
				want, triesLeft := m.confirm(e, code)
				lastEnrolment, lastAttempt = e, newID()
				lastAnswer = must(desks[modelDesk(e)].tryConfirm(enrolments[e], lastAttempt, "sms", code))(t)
				if lastAnswer.Refusal != want || lastAnswer.TriesLeft != triesLeft || (want == "") != (lastAnswer.Proof != nil) {
					rt.Fatalf("confirm_code = %+v, want %q with %d tries left", lastAnswer, want, triesLeft)
				}
			},
			"repeat": func(rt *rapid.T) {
				if lastAttempt == uuid.Nil {
					rt.Skip("nothing was confirmed")
				}
				// Another code under the same identifier is the same try: no answer can be fished for.
				code := rapid.StringMatching(`[0-9]{6}`).Draw(rt, "code")
				got := must(desks[modelDesk(lastEnrolment)].tryConfirm(enrolments[lastEnrolment], lastAttempt, "sms", code))(t)
				if got.Refusal != lastAnswer.Refusal || got.TriesLeft != lastAnswer.TriesLeft {
					rt.Fatalf("repeated confirm_code = %+v, want %+v", got, lastAnswer)
				}
			},
			"later": func(rt *rapid.T) {
				// No sum of these lies less than twenty seconds below a limit.
				d := rapid.SampledFrom([]time.Duration{40, 200, 1000}).Draw(rt, "seconds") * time.Second
				m.now += d
				b.later(d)
			},
		})
	})
}

// Other desks make a person wait a little longer and an operator look; they lock nobody out.
func TestOtherDesksLockNobodyOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unwatched()
	victim := phone()
	for n := range 5 {
		thief := b.newDesk(fmt.Sprintf("thief_%d", n))
		id := thief.open(citizen())
		for range 4 {
			if s := thief.send(id, "sms", victim); s.Refusal != "" {
				t.Fatalf("the thief's send: %+v", s)
			}
			b.exec(`update centre.one_time_code set sent_at = sent_at - interval '125 seconds' where desk = $1`, thief.name)
		}
		for range 4 {
			thief.confirm(id, "sms", "000000")
		}
		if s := thief.send(id, "sms", victim); s.Refusal != "code_locked" {
			t.Errorf("the thief goes on: %+v, want code_locked", s)
		}
	}
	id := b.desk.open(citizen())
	s := b.desk.send(id, "sms", victim)
	if s.Refusal != "" || s.TriesLeft != 3 || s.SendsLeft != 3 {
		t.Fatalf("the desk where the person stands: %+v", s)
	}
	if wait := s.ResendAt.Sub(*s.SentAt); wait != 2*time.Minute {
		t.Errorf("the next send after %v, want 2 min", wait)
	}
	if again := b.desk.send(id, "sms", victim); again.Refusal != "too_soon" || again.ResendAt.Sub(*s.SentAt) != 2*time.Minute {
		t.Errorf("at once: %+v, want too_soon", again)
	}
	b.exec(`update centre.one_time_code set sent_at = sent_at - interval '120 seconds' where desk = $1`, b.desk.name)
	if again := b.desk.send(id, "sms", victim); again.Refusal != "" {
		t.Errorf("after two minutes: %+v", again)
	}
	if c := b.desk.confirm(id, "sms", "123456"); c.Refusal != "" {
		t.Errorf("the right code: %+v", c)
	}
	if n := scalar[int](b, `select count(*) from centre.alert where 'thief_0' = any(others)`); n == 0 {
		t.Error("no alert")
	}
	// A desk that used up its own sends has one again when they are fifteen minutes old.
	thief := b.newDesk("thief_0")
	b.later(15 * time.Minute)
	if s := thief.send(thief.open(citizen()), "sms", victim); s.Refusal != "" || s.TriesLeft != 3 {
		t.Errorf("after fifteen minutes: %+v", s)
	}
}

func TestRepeatedSendOfWhatHasEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, send, number := b.desk.open(citizen()), newID(), phone()
	must(b.desk.trySend(id, send, "sms", number))(t)
	if err := b.desk.abandon(id, ""); err != nil {
		t.Fatal(err)
	}
	_, err := b.desk.trySend(id, send, "sms", number)
	wantState(t, "the same send", err, "BK002")
	_, err = b.desk.trySend(b.desk.open(citizen()), send, "sms", number)
	wantState(t, "in another enrolment", err, "BK004")
}

// What is written behind a plus is the same mailbox.
func TestSubaddresses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unwatched()
	b.set("code_resend_after_seconds", 0)
	for n, value := range []string{"a.teste@exemplo.pt", "A.Teste+1@exemplo.pt", "a.teste+x+y@exemplo.pt", "a.teste+2@exemplo.pt", "a.teste+3@exemplo.pt"} {
		s := b.desk.send(b.desk.open(citizen()), "email", value)
		if want := map[bool]string{true: "resends_used"}[n == 4]; s.Refusal != want {
			t.Errorf("%s: %+v, want %q", value, s, want)
		}
	}
	for _, other := range []string{"+1@exemplo.pt", "a.teste+1@exemplo.com", "ateste@exemplo.pt"} {
		if s := b.desk.send(b.desk.open(citizen()), "email", other); s.Refusal != "" {
			t.Errorf("%s: %+v", other, s)
		}
	}
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`insert into centre.destination (prefix, allowed) values ('3519999', false), ('351999988', true)`)
	id := b.desk.open(citizen())
	b.set("code_resends", 10)
	for number, want := range map[string]string{
		"+351912345678": "", "+5511987654321": "", "+4915112345678": "", "+447700900123": "", "+447624123456": "", "+12025550123": "",
		"+8613800138000": "", "+351999988123": "", "+15005550006": "",
		"+351760123456": "destination_off", "+351999912345": "destination_off", "+19005550123": "destination_off",
		"+447012345678": "destination_off", "+449098790000": "destination_off", "+870773123456": "destination_off",
		"+881612345678": "destination_off", "+88216123456": "destination_off", "+979123456789": "destination_off",
		"+80012345678": "destination_off", "+9991234567": "destination_off", "+2101234567": "destination_off",
	} {
		if s := b.desk.send(b.desk.open(citizen()), "sms", number); s.Refusal != want {
			t.Errorf("%s: %+v, want %q", number, s, want)
		}
	}
	if n := scalar[int](b, `select count(*) from centre.one_time_code where enrolment = $1`, id); n != 0 {
		t.Errorf("%d codes of an enrolment that asked for none", n)
	}
}

func TestContactsThatAreNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.desk.open(citizen())
	for channel, values := range map[string][]string{
		"sms": {"", "912345678", "+0912345678", "+351 912 345 678", "+35191234567890123", "+351912345678\n", "a@exemplo.pt"},
		"email": {"", "a", "a@b", "a@b@c.pt", "a b@c.pt", "a@c.pt\r\nBcc: x@y.pt", "<a@c.pt>", "a,b@c.pt", "+351912345678",
			// Other spellings of a mailbox, and what a line of SMTP could be made of.
			"a@C.pt", "a@exémplo.pt", "a@c.pt.", "a@c..pt", ".a@c.pt", "a.@c.pt", "a..b@c.pt", `"a"@c.pt`, "a@[127.0.0.1]", "a@127.0.0.1",
			"a@c\u200b.pt", "ａ@c.pt", "a@-c.pt", "a%0d%0a@c.pt\n", strings.Repeat("a", 65) + "@c.pt"},
		"letter": {"Rua"},
		"":       {"+351912345678"},
	} {
		for _, v := range values {
			_, err := b.desk.trySend(id, newID(), channel, v)
			wantState(t, channel+" "+v, err, "BK005")
		}
	}
	_, err := b.desk.tryConfirm(id, newID(), "sms", "123456")
	wantState(t, "a code before one was asked for", err, "BK006")
	b.desk.send(id, "sms", phone())
	for _, code := range []string{"", "123", "12345a", "１２３４５６", "12345678901"} {
		_, err := b.desk.tryConfirm(id, newID(), "sms", code)
		wantState(t, code, err, "BK005")
	}
}

func TestCodesOfBothChannels(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, number := b.desk.open(citizen()), phone()
	s := b.desk.send(id, "email", "Ines.Teste@xn--exmplo-cva.pt")
	if got, want := s.ExpiresAt.Sub(*s.SentAt), 15*time.Minute; got != want {
		t.Errorf("life of a code by e-mail = %v, want %v", got, want)
	}
	b.later(14 * time.Minute)
	if c := b.desk.confirm(id, "email", "123456"); c.Refusal != "" {
		t.Errorf("after 14 minutes: %+v", c)
	}
	if s := b.desk.send(id, "sms", number); s.ExpiresAt.Sub(*s.SentAt) != 5*time.Minute || s.ResendAt.Sub(*s.SentAt) != 30*time.Second {
		t.Errorf("a code by SMS: %+v", s)
	}
	// Asked for again, not made yet: the one that is in the person's hand still holds.
	b.later(31 * time.Second)
	if s := must(b.desk.trySend(id, newID(), "sms", number))(t); s.Refusal != "" {
		t.Fatalf("resend: %+v", s)
	}
	if c := b.desk.confirm(id, "sms", "123456"); c.Refusal != "" {
		t.Errorf("the code at hand: %+v", c)
	}
	if c := b.desk.confirm(id, "sms", "123456"); c.Refusal == "" {
		t.Errorf("the same code twice: %+v", c)
	}
}

// Codes are sent where the errand has a contact proven: else whoever has the phone proves it in the visit, and is not told of what
// they do there.
func TestCodesOfErrands(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	who := citizen()
	b.desk.enrol(who, ana)
	for errand, channels := range map[string]string{"phone": "sms", "email": "email", "pin": "", "suspend": "", "cancel": "", "stored": "", "renew": "", "try": ""} {
		visit := b.desk.errand(errand, who)
		for channel, value := range map[string]string{"sms": phone(), "email": errand + "@exemplo.pt"} {
			s, err := b.desk.trySend(visit, newID(), channel, value)
			want := "BK005"
			if channels == channel {
				want = ""
			}
			if got := word(s.Refusal, err); got != want {
				t.Errorf("%s at %s: %q, want %q", channel, errand, got, want)
			}
		}
	}
}

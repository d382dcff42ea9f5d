package login

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/signin"
)

// kindActivation is of the rows of who activates a key.
const kindActivation = "activation"

// activation is one browser's way through an activation, as JSON in a sealed row. The codes are there until a registrar
// has compared them again.
type activation struct {
	Step        ActivationStep `json:"step"`
	Problem     Problem        `json:"problem,omitempty"`
	Typed       string         `json:"typed,omitempty"`
	Country     string         `json:"country,omitempty"`
	Try         uuid.UUID      `json:"try,omitzero"`
	Code        string         `json:"code,omitempty"`
	Channel     kiosk.Channel  `json:"channel,omitempty"`
	Contact     string         `json:"contact,omitempty"`
	ContactCode string         `json:"contact_code,omitempty"`
	Resend      time.Time      `json:"resend,omitzero"`
	Tries       int            `json:"tries,omitempty"`
	Act         uuid.UUID      `json:"act,omitzero"`
}

func (a activation) page() ActivationPage {
	p := ActivationPage{Step: a.Step, Problem: a.Problem, Typed: a.Typed, Country: a.Country, Channel: a.Channel,
		ResendIn: max(time.Until(a.Resend), 0), TriesLeft: a.Tries}
	if a.Contact != "" {
		p.Contact = Masked(a.Contact)
	}
	return p
}

func (e *Engine) activation(ctx context.Context, browser string) (a activation, err error) {
	if err = e.Get(ctx, kindActivation, browser, &a); errors.Is(err, ErrGone) {
		a, err = activation{Step: ActivationCode}, nil
	}
	return a, err
}

// Activation is how far a browser's activation is.
func (e *Engine) Activation(ctx context.Context, browser string) (ActivationPage, error) {
	a, err := e.activation(ctx, browser)
	if err != nil || a.Step != ActivationWaiting {
		return a.page(), err
	}
	state, err := e.ChangeState(ctx, a.Act)
	switch {
	case err != nil:
		return ActivationPage{}, err
	case state == Applied:
		a = activation{Step: ActivationDone}
	case state == Failed:
		a = activation{Step: ActivationStopped, Problem: Ended}
	default:
		return a.page(), nil
	}
	return a.page(), e.Put(ctx, kindActivation, browser, a, ownLife)
}

// Activate does what the person did: Activate, ActivateContact, SendCode, EnterCode; Cancel begins anew. With an error all
// is as before. A wrong code, a wrong PIN and a key that is not waiting are one answer.
func (e *Engine) Activate(ctx context.Context, browser string, l kiosk.Language, action Action, source []byte) (ActivationPage, error) {
	a, err := e.activation(ctx, browser)
	if err != nil {
		return ActivationPage{}, err
	}
	switch x := action.(type) {
	case Activate:
		defer clear(x.Code)
		defer clear(x.PIN)
		if a.Step == ActivationCode || a.Step == ActivationStopped || a.Step == ActivationDone {
			err = e.activate(ctx, &a, x, source)
		}
	case ActivateContact:
		if a.Step == ActivationContact || a.Step == ActivationProof {
			err = e.prove(ctx, &a, x.Text, l)
		}
	case SendCode:
		if a.Step == ActivationProof {
			err = e.prove(ctx, &a, a.Contact, l)
		}
	case EnterCode:
		defer clear(x.Code)
		if a.Step == ActivationProof {
			err = e.proven(ctx, &a, x.Code)
		}
	case Cancel:
		a = activation{Step: ActivationCode}
	}
	if err != nil {
		return ActivationPage{}, err
	}
	return a.page(), e.Put(ctx, kindActivation, browser, a, ownLife)
}

func (e *Engine) activate(ctx context.Context, a *activation, x Activate, source []byte) error {
	*a = activation{Step: ActivationCode, Typed: cut(x.Identifier, 320), Country: cut(x.Country, 3)}
	by, name, problem := Named(x.Identifier, x.Country)
	if number := strings.TrimSpace(x.Identifier); problem != OK && digits([]byte(number), 1, 18) {
		by, name, problem = signin.ByRegister, number, OK
	}
	code, ok := kiosk.ParseActivationCode(x.Code)
	defer clear(code)
	if problem == OK && (!ok || !digits(x.PIN, 4, 12)) {
		problem = Unspelled
	}
	if a.Problem = problem; problem != OK {
		return nil
	}
	try := uuid.New()
	_, err := e.checker.PIN(ctx, signin.Try{ID: try, By: by, Name: name, PIN: x.PIN, Source: source, Pending: true})
	if errors.Is(err, signin.ErrInvalid) {
		a.Problem = No
		return nil
	} else if err != nil {
		return lost(err)
	}
	// Asked whatever the PIN was: the answer takes as long.
	var refusal *string
	var tries *int
	var contact *bool
	err = e.db.QueryRow(ctx, `select refusal, tries_left, needs_contact from login.activation($1, $2, $3, $4)`, uuid.New(), try, string(code), source).
		Scan(&refusal, &tries, &contact)
	if err = plain("comparing an activation code", err); err != nil {
		return err
	}
	if refusal == nil {
		a.Try, a.Code = try, string(code)
		if contact != nil && *contact {
			a.Step = ActivationContact
			return nil
		}
		return e.queue(ctx, a)
	}
	switch *refusal {
	case "code_locked":
		a.Step, a.Problem = ActivationStopped, Blocked
	case "taken":
		a.Step, a.Problem = ActivationStopped, ContactTaken
	case "code_expired":
		a.Problem = CodeExpired
	case "ended":
		a.Problem = Ended
	default:
		a.Problem = No
	}
	return nil
}

// prove sends a code to a contact that is to be the key's.
func (e *Engine) prove(ctx context.Context, a *activation, text string, l kiosk.Language) error {
	channel, value, wrong := kiosk.Email, "", kiosk.ContactOK
	if strings.Contains(text, "@") {
		value, wrong = kiosk.ParseEmail(text)
	} else {
		channel = kiosk.SMS
		value, wrong = kiosk.ParsePhone(text, "PT")
	}
	if wrong != kiosk.ContactOK || value == "" {
		a.Problem = ContactInvalid
		return nil
	}
	var refusal *string
	var resend *time.Time
	err := e.db.QueryRow(ctx, `select refusal, resend_at from login.activation_contact($1, $2, $3, $4, $5)`, a.Try, uuid.New(), channel, value, l).
		Scan(&refusal, &resend)
	if err = plain("sending a code to a contact", err); err != nil {
		return err
	}
	if resend != nil {
		a.Resend = *resend
	}
	if refusal == nil {
		a.Step, a.Problem, a.Channel, a.Contact, a.Tries = ActivationProof, OK, channel, value, 0
		return nil
	}
	switch *refusal {
	case signin.Ended:
		*a = activation{Step: ActivationCode, Problem: Ended}
	case signin.TooSoon:
		a.Problem = TooSoon
	default:
		a.Problem = NotSent
	}
	return nil
}

// proven compares the code of a contact.
func (e *Engine) proven(ctx context.Context, a *activation, code []byte) error {
	if !digits(code, 4, 10) {
		a.Problem = Unspelled
		return nil
	}
	var refusal *string
	var tries *int
	err := e.db.QueryRow(ctx, `select refusal, tries_left from login.activation_code($1, $2, $3)`, a.Try, uuid.New(), string(code)).Scan(&refusal, &tries)
	if err = plain("comparing the code of a contact", err); err != nil {
		return err
	}
	if tries != nil {
		a.Tries = *tries
	}
	if refusal == nil {
		a.ContactCode = string(code)
		return e.queue(ctx, a)
	}
	switch *refusal {
	case signin.Over:
		*a = activation{Step: ActivationStopped, Problem: Blocked}
	case signin.Ended:
		*a = activation{Step: ActivationCode, Problem: Ended}
	case signin.CodeExpired:
		a.Problem = CodeExpired
	case "taken":
		a.Step, a.Problem = ActivationContact, ContactTaken
	default:
		a.Problem = CodeWrong
	}
	return nil
}

// queue has a registrar activate the key.
func (e *Engine) queue(ctx context.Context, a *activation) error {
	id := uuid.New()
	var contact *string
	if a.ContactCode != "" {
		contact = &a.ContactCode
	}
	var refusal *string
	err := e.db.QueryRow(ctx, `select login.activate($1, $2, $3, $4)`, a.Try, id, a.Code, contact).Scan(&refusal)
	if err = plain("activating a key", err); err != nil {
		return err
	}
	if refusal != nil {
		*a = activation{Step: ActivationCode, Problem: Ended}
		return nil
	}
	*a = activation{Step: ActivationWaiting, Act: id}
	return nil
}

package login

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/signin"
)

// Step is how far a visit is.
type Step string

// Steps of a visit, in their order.
const (
	StepSignIn  Step = "sign_in" // name and PIN: SignIn
	StepCode    Step = "code"    // a code was sent: EnterCode, SendCode
	StepConsent Step = "consent" // what a service receives: Consent
	StepStopped Step = "stopped" // Problem says why no more can be done here: Cancel
	StepRefused Step = "refused" // over: the service is told Visit.Error
	StepDone    Step = "done"    // over: Visit.Signed, Visit.Given
)

// Problem is why a visit stands where it stands.
type Problem string

// Problems of a visit.
const (
	OK             Problem = ""
	Unspelled      Problem = "unspelled"       // StepSignIn: what was typed names no key, or is no PIN; nothing was compared
	CountryMissing Problem = "country_missing" // StepSignIn: a document's number without the State that issued it
	No             Problem = "no"              // StepSignIn: a wrong PIN, or a key that is unknown, locked, blocked or suspended
	Ended          Problem = "ended"           // StepSignIn: the code took too long, or the key was changed meanwhile
	CodeWrong      Problem = "code_wrong"      // StepCode: Page.TriesLeft says how often more
	CodeExpired    Problem = "code_expired"    // StepCode: too late or used; another can be sent
	NotSent        Problem = "not_sent"        // StepCode: nothing is sent on that channel now; perhaps the other
	TooSoon        Problem = "too_soon"        // StepCode: a code before Page.ResendIn
	Lost           Problem = "lost"            // nobody could compare or send: again
	Blocked        Problem = "blocked"         // StepStopped: wrong codes; a desk unblocks the key
	LevelTooLow    Problem = "level_too_low"   // StepStopped: the service asks for more than this key or channel gives
	NotBelieved    Problem = "not_believed"    // StepStopped: what the database says of the key is not what a registrar signed
	LoginRequired  Problem = "login_required"  // StepRefused: prompt=none, and nobody is signed in
	AskRequired    Problem = "ask_required"    // StepRefused: prompt=none, and consent is always asked
	Cancelled      Problem = "cancelled"       // StepRefused: by the person
)

// Visit is one browser's way through a sign-in, as JSON in a sealed row. Make it with Engine.Begin and turn it with
// Engine.Do. Bound and Language are the caller's.
type Visit struct {
	Request Request `json:"request"`
	Step    Step    `json:"step"`
	Problem Problem `json:"problem,omitempty"`
	// Bound is what the caller knows the browser by: the hash of a cookie.
	Bound    string         `json:"bound,omitempty"`
	Language kiosk.Language `json:"language,omitempty"` // of the messages

	Seed uuid.UUID `json:"seed"` // of the identifiers of what is done: the same thing done twice has the same
	Turn int       `json:"turn"`

	Again    bool                  `json:"again,omitempty"`   // somebody was signed in, and that does not do
	Typed    string                `json:"typed,omitempty"`   // what names the key, as typed
	Country  string                `json:"country,omitempty"` // of a travel document, as typed
	By       kiosk.Identifier      `json:"by,omitempty"`
	Try      uuid.UUID             `json:"try,omitzero"` // whose PIN was right
	Hashes   [][sha256.Size]byte   `json:"hashes,omitempty"`
	Channels []kiosk.Channel       `json:"channels,omitempty"` // of the key, that reach what is asked for
	Channel  kiosk.Channel         `json:"channel,omitempty"`  // of the newest code
	Sent     map[kiosk.Channel]int `json:"sent,omitempty"`     // how often more a code is sent there
	Expires  time.Time             `json:"expires,omitzero"`   // by the centre's clock, as Resend
	Resend   time.Time             `json:"resend,omitzero"`
	Tries    int                   `json:"tries,omitempty"`

	Signed *Signed  `json:"signed,omitempty"`
	Rows   []Row    `json:"rows,omitempty"`
	Given  []string `json:"given,omitempty"` // StepDone: the claims that the person lets go
}

// Signed is who signed in, and how.
type Signed struct {
	Try      uuid.UUID `json:"try"`      // what opens their data, while it may
	Register int64     `json:"register"` // of the key
	At       time.Time `json:"at"`
	Level    int       `json:"level"` // among Levels
	AMR      []string  `json:"amr"`   // RFC 8176
}

// Row is one thing that a service asks for.
type Row struct {
	Claim     string `json:"claim"` // its name for the person: one of Claims that stands for those that go with it
	Value     string `json:"value,omitempty"`
	Source    string `json:"source,omitempty"` // of a number: "proven" or "shown"
	Essential bool   `json:"essential,omitempty"`
}

// Action is what the person does.
type Action interface{ action() }

// SignIn names a key and its PIN, which the engine wipes. Country is the State that issued a travel document, as its
// machine-readable zone has it, when Identifier is its number; "" otherwise.
type SignIn struct {
	Identifier, Country string
	PIN                 []byte
}

// SendCode has another code sent, by the channel at hand when Channel is "".
type SendCode struct{ Channel kiosk.Channel }

// EnterCode is the code that arrived. The engine wipes it.
type EnterCode struct{ Code []byte }

// Consent lets go what was asked for, but the rows that are refused.
type Consent struct{ Refused []string }

// Cancel ends the visit.
type Cancel struct{}

func (SignIn) action()    {}
func (SendCode) action()  {}
func (EnterCode) action() {}
func (Consent) action()   {}
func (Cancel) action()    {}

// Over reports whether the visit has ended: the service is answered.
func (v Visit) Over() bool { return v.Step == StepDone || v.Step == StepRefused }

// Error is the error of OAuth (RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6) that a refused visit is for a service.
func (v Visit) Error() string {
	switch v.Problem {
	case LoginRequired:
		return "login_required"
	case AskRequired:
		return "consent_required"
	case LevelTooLow:
		return "unmet_authentication_requirements"
	}
	return "access_denied"
}

// begin is a visit for a request by somebody who may have signed in before.
func begin(r Request, seed uuid.UUID, s *Session, now time.Time) (Visit, command) {
	v := Visit{Request: r, Seed: seed, Step: StepSignIn, Typed: r.Hint}
	if s != nil {
		v.Language = s.Language
	}
	switch {
	case r.prompts("none") && !s.serves(r, now):
		v.refuse(LoginRequired)
		return v, nil
	case r.prompts("none"):
		v.refuse(AskRequired)
		return v, nil
	case !r.prompts("login") && !r.prompts("select_account") && s.serves(r, now):
		signed := s.Signed
		v.Signed = &signed
		return v, v.signedIn()
	}
	v.Again = s != nil
	return v, nil
}

// serves reports whether a session does for a request. Its row is gone when it is too old for any.
func (s *Session) serves(r Request, now time.Time) bool {
	if s == nil || s.At.IsZero() || r.MaxAge != nil && now.Sub(s.At) > *r.MaxAge {
		return false
	}
	_, ok := r.reported(s.Level)
	return ok
}

// signedIn goes on behind PIN and code.
func (v *Visit) signedIn() command {
	v.Problem = OK
	if v.Request.Own() {
		v.done(nil)
		return nil
	}
	return readRows{}
}

// act is what a visit does for an action. What does not fit the step is nothing.
func (v *Visit) act(a Action) command {
	switch a := a.(type) {
	case Cancel:
		if !v.Over() {
			why := Cancelled
			if v.Step == StepStopped && v.Problem == LevelTooLow {
				why = LevelTooLow
			}
			v.refuse(why)
		}
	case SignIn:
		if v.Step == StepSignIn {
			return v.signIn(a)
		}
	case SendCode:
		channel := a.Channel
		if channel == "" {
			channel = v.Channel
		}
		if v.Step == StepCode && slices.Contains(v.Channels, channel) {
			return v.send(channel)
		}
	case EnterCode:
		if v.Step != StepCode {
			return nil
		}
		if !digits(a.Code, 4, 10) {
			v.Problem = Unspelled
			return nil
		}
		return checkCode{v.Try, v.id("code"), a.Code, v.Hashes, slices.Collect(maps.Keys(v.Sent))}
	case Consent:
		if v.Step == StepConsent {
			v.done(a.Refused)
		}
	}
	return nil
}

func (v *Visit) signIn(a SignIn) command {
	// Nobody who types a whole library into a field is shown it again.
	v.Typed, v.Country = cut(a.Identifier, 320), cut(a.Country, 3)
	by, name, problem := Named(a.Identifier, a.Country)
	if problem == OK && !digits(a.PIN, 4, 12) {
		problem = Unspelled
	}
	if v.Problem = problem; problem != OK {
		return nil
	}
	v.By = by
	return checkPIN{v.id("try"), by, name, a.PIN}
}

func (v *Visit) send(channel kiosk.Channel) command {
	v.Channel, v.Problem = channel, OK
	return sendCode{v.Try, v.id("send " + string(channel)), channel}
}

// take goes on with what came of a command.
func (v *Visit) take(c command, r result) command {
	switch r := r.(type) {
	case failed:
		v.Problem = Lost
		return nil
	case pinChecked:
		return v.pinChecked(c.(checkPIN), r)
	case codeSent:
		v.codeSent(c.(sendCode), r)
	case codeChecked:
		return v.codeChecked(r)
	case rowsRead:
		v.Turn++
		if !r.ok { // over since: again from the beginning, but for who may not be asked
			v.Signed = nil
			v.again(Ended)
			return nil
		}
		v.Step, v.Rows = StepConsent, r.rows
	}
	return nil
}

func (v *Visit) pinChecked(c checkPIN, r pinChecked) command {
	v.Turn++
	switch {
	case !r.right:
		v.Problem = No
		return nil
	case len(r.channels) == 0:
		v.stop(LevelTooLow)
		return nil
	}
	v.Step, v.Try, v.Hashes, v.Channels = StepCode, c.try, r.hashes, r.channels
	return v.send(v.Channels[0])
}

func (v *Visit) codeSent(c sendCode, r codeSent) {
	v.Turn++
	if r.Refusal == "" {
		v.Expires, v.Resend, v.Tries = r.ExpiresAt, r.ResendAt, r.TriesLeft
		if v.Sent == nil {
			v.Sent = map[kiosk.Channel]int{}
		}
		v.Sent[c.channel] = r.SendsLeft
		return
	}
	switch r.Refusal {
	case signin.Over:
		v.stop(Blocked)
	case signin.Ended:
		v.again(Ended)
	case signin.TooSoon:
		v.Problem, v.Resend = TooSoon, r.ResendAt
	default:
		v.Problem = NotSent
	}
}

func (v *Visit) codeChecked(r codeChecked) command {
	v.Turn++
	switch r.refusal {
	case "":
	case signin.Over:
		v.stop(Blocked)
		return nil
	case signin.Ended:
		v.again(Ended)
		return nil
	case signin.CodeExpired:
		v.Problem = CodeExpired
		return nil
	default:
		v.Problem, v.Tries = CodeWrong, r.tries
		return nil
	}
	if r.signed == nil {
		v.stop(NotBelieved)
		return nil
	}
	if _, ok := v.Request.reported(r.signed.Level); !ok {
		v.stop(LevelTooLow)
		return nil
	}
	v.Signed = r.signed
	return v.signedIn()
}

// again goes back to name and PIN.
func (v *Visit) again(why Problem) {
	v.Step, v.Problem, v.Try, v.Hashes, v.Channels, v.Sent = StepSignIn, why, uuid.Nil, nil, nil, nil
}

func (v *Visit) stop(why Problem) {
	v.again(why)
	v.Step = StepStopped
}

// refuse ends the visit for whoever asked. Nothing of a person stays in it.
func (v *Visit) refuse(why Problem) {
	v.again(why)
	v.Step, v.Typed, v.Country, v.Signed, v.Rows = StepRefused, "", "", nil, nil
}

// done ends the visit with somebody signed in. Of the values nothing stays: they are read when a service asks.
func (v *Visit) done(refused []string) {
	for _, row := range v.Rows {
		if row.Value != "" && !slices.Contains(refused, row.Claim) {
			v.Given = append(v.Given, row.Claim)
		}
	}
	v.again(OK)
	v.Step, v.Typed, v.Country, v.Rows = StepDone, "", "", nil
}

// id is the identifier of what is done in this turn.
func (v *Visit) id(what string) uuid.UUID {
	h := sha256.New()
	h.Write(v.Seed[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(v.Turn))) //nolint:gosec // counts up from 0
	h.Write([]byte(what))
	id := uuid.UUID(h.Sum(nil)[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8, RFC 9562 §5.8
	return id
}

// Encode and Decode are a visit as it is kept.
func (v Visit) Encode() ([]byte, error) { return json.Marshal(v) }

// Decode reads what Encode wrote.
func Decode(raw []byte) (v Visit, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}

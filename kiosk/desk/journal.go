package desk

import (
	"cmp"
	"log/slog"

	"balcao/kiosk"
)

// Journal logs where the desk is whenever that changes, and never who is there: a support log tells
// how a visit went, and nothing of the visitor. Note it after a state was drawn.
type Journal struct {
	Log  *slog.Logger
	last place
}

// place is what the journal says of a state.
type place struct {
	step     kiosk.Step
	visit    kiosk.CaseID
	pin      kiosk.PINPhase
	review   kiosk.ReviewPhase
	awaited  kiosk.Channel
	read     bool
	checked  bool
	photo    bool
	settled  bool
	present  bool
	held     bool // by another program
	open     bool
	asking   bool
	warned   bool // before it ends because nobody touches it
	handed   bool // the only screen, to the person
	listed   bool // the errands
	errand   string
	left     int // reader with a card of a case that is over
	failed   kiosk.Channel
	sms      kiosk.ContactProblem
	email    kiosk.ContactProblem
	disputed bool // the person says that something is wrong
	types    bool // what is printed on the document is typed
	wrong    int  // how often a chip refused it
	problem  kiosk.ProblemCode
	service  kiosk.ProblemCode
	away     bool // the centre
	shift    kiosk.ShiftPhase
	holder   bool              // of a staff card that is there
	barred   kiosk.ProblemCode // why there is no shift
	decides  kiosk.ApprovalPhase
	key      kiosk.KeyPhase
	chosen   string // errand, of those that a key allows
	reason   kiosk.KeyReason
	tries    kiosk.TryPhase
	later    kiosk.Channel // how an activation code goes
	told     bool          // the centre knows how
	found    bool          // a search brought keys
	stored   bool          // what is stored is shown
	paper    kiosk.PrintPhase
	needs    bool // the list of what a day needs is shown
	looking  bool // and still looked for
	lacks    bool // and something of it is missing

	reasons    bool             // why a key changes is asked for
	tried      kiosk.TryProblem // why a try stands where it stands
	unbelieved bool             // what was said of a holder is not what the centre knows
	unknown    bool             // no notice has the code that was given
}

// unproven is why a contact, or its code, was not taken.
func unproven(c kiosk.ChannelState) kiosk.ContactProblem { return cmp.Or(c.Problem, c.Stopped()) }

// Note logs the state's place if it differs from the last one noted.
func (j *Journal) Note(s kiosk.State) {
	now := place{
		step: s.Step, visit: s.Case, pin: s.PIN.Phase, review: s.Review.Phase, awaited: s.Contact.Awaited,
		read: s.Document.Identity != nil, checked: s.Document.Complete, photo: s.Document.Photo != nil,
		settled: s.Contact.Settled, present: s.Document.CardPresent, held: s.Document.Held, open: !s.Contact.Opening,
		asking: s.ConfirmCancel, warned: s.IdleSoon, handed: s.HandedOver, listed: s.Choosing, errand: s.Errand.Name, left: s.LeftBehind,
		failed: s.Contact.Failed, sms: unproven(s.Contact.Phone), email: unproven(s.Contact.Email), disputed: s.Review.Disputed,
		types: s.Document.Access.Asked && s.Step == kiosk.StepDocument && !s.Document.Access.Opening,
		wrong: s.Document.Access.Wrong, service: s.Status.Service,
		away: s.Status.Centre.Health == kiosk.HealthDown, shift: s.Shift.Phase, holder: s.Shift.Holder.Number != "", barred: s.Shift.Problem, decides: cmp.Or(s.Approval.Phase, s.Alerts.Phase),
		key: s.Key.Phase, chosen: s.Key.Choosing, reason: s.Key.Reason, tries: s.Try.Phase, later: s.Contact.Later.Channel, told: s.Contact.Later.Set,
		found: len(s.Search.Found) > 0, stored: !s.Stored.At.IsZero(), paper: s.Print.Phase,
		needs: s.Preflight.Shown && s.Case == 0, looking: s.Preflight.Looking,
		reasons: s.Key.ReasonMissing, tried: s.Try.Problem, unbelieved: s.Word.Wrong, unknown: s.NotMe.Wrong,
	}
	now.lacks, _ = s.Preflight.Lacks()
	if s.Problem != nil {
		now.problem = s.Problem.Code
	}
	if now == j.last {
		return
	}
	j.last = now
	j.Log.Info("state", "case", uint64(s.Case), "reference", s.Reference, "step", string(s.Step), "identity", now.read, "checked", now.checked,
		"photo", now.photo, "card", now.present, "held", now.held, "opened", now.open, "awaits", string(now.awaited),
		"contact", now.settled, "pin", string(now.pin), "review", string(now.review), "asking", now.asking,
		"warned", now.warned, "handed", now.handed, "errand", now.errand, "listed", now.listed, "left", now.left,
		"failed", string(now.failed), "sms", string(now.sms), "email", string(now.email), "disputed", now.disputed,
		"types", now.types, "wrong", now.wrong, "problem", string(now.problem), "service", string(now.service), "away", now.away,
		"shift", string(now.shift), "holder", now.holder, "barred", string(now.barred), "decides", string(now.decides),
		"key", string(now.key), "chosen", now.chosen, "reason", string(now.reason), "tries", string(now.tries), "later", string(now.later), "told", now.told,
		"found", now.found, "stored", now.stored, "paper", string(now.paper),
		"needs", now.needs, "looking", now.looking, "lacks", now.lacks,
		"reasons", now.reasons, "tried", string(now.tried), "unbelieved", now.unbelieved, "unknown", now.unknown)
}

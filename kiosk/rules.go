package kiosk

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Rules are what the centre sets. The session follows them, the desk's verifier applies them early, and the registrar
// decides by them; all three have them from the centre's settings through UnmarshalJSON.
type Rules struct {
	MinAge         int       // completed years from which a person may enrol; 0: any age
	PINMin, PINMax int       // digits
	TypedMRZ       TypedRule // whether a machine-readable zone without a chip may enrol
	Accompanied    bool      // people under an accompaniment measure may enrol
	NationalGrace  int       // days by which a national's key outlives the document
	WordByBirth    bool      // a birth date alone suspends a key at its holder's word; otherwise a number is asked for as well
	Extensions     []Extension

	// What a supervisor decides about, beside a typed zone and what a clerk marked.
	ApproveRevocation bool  // nobody answered whether a document was revoked; refused when no supervisor decides
	ApproveExtension  bool  // a law extends it
	ApprovePhoto      bool  // its photograph cannot be shown
	ApproveBelow      Level // it gives less than this level; LevelNone for nothing
}

// UsualRules are those of the law without any licence, which a centre has that nobody changed. They hold where no centre
// was heard yet.
func UsualRules() Rules {
	return Rules{MinAge: 16, PINMin: 6, PINMax: 8, NationalGrace: 30, ApproveExtension: true, ApprovePhoto: true}
}

// Known reports whether the rules came from somewhere: nobody has rules by which a PIN has no digits.
func (r Rules) Known() bool { return r.PINMax > 0 }

// leastPIN is the fewest digits that a rule may ask for.
const leastPIN = 4

// ErrRules says that settings are no rules that this version can apply. A missing setting is no licence.
var ErrRules = errors.New("the centre's settings are not what this version understands")

// UnmarshalJSON reads the centre's settings, which have other members besides. The error is ErrRules.
func (r *Rules) UnmarshalJSON(raw []byte) error {
	var s struct {
		MinAge      *int        `json:"min_age"`
		PINMin      *int        `json:"pin_min"`
		PINMax      *int        `json:"pin_max"`
		Grace       *int        `json:"national_grace_days"`
		Typed       int         `json:"typed_mrz"`           // 1 with a supervisor, 2 allowed; whatever else refuses
		Accompanied int         `json:"accompanied_allowed"` // 1 eligible; whatever else not
		Extensions  []Extension `json:"extensions"`
		Revocation  int         `json:"revocation_unknown"` // 1 a supervisor decides; whatever else refuses
		Extended    *int        `json:"approve_extension"`  // 0 not; whatever else, and nothing, a supervisor decides
		Photo       *int        `json:"approve_photo"`
		Word        int         `json:"word_asks"`
		Level       int         `json:"level_asked"` // 0 none; whatever else high
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return ErrRules
	}
	switch {
	case s.MinAge == nil || *s.MinAge < 0:
		return fmt.Errorf("%w: no rule for the age", ErrRules)
	case s.PINMin == nil || s.PINMax == nil || *s.PINMin < leastPIN || *s.PINMax < *s.PINMin:
		return fmt.Errorf("%w: no rule for PINs", ErrRules)
	case s.Grace == nil || *s.Grace < 0:
		return fmt.Errorf("%w: no rule for the end of a national's key", ErrRules)
	}
	*r = Rules{
		MinAge: *s.MinAge, PINMin: *s.PINMin, PINMax: *s.PINMax, NationalGrace: *s.Grace,
		WordByBirth: s.Word == 1, Accompanied: s.Accompanied == 1, Extensions: s.Extensions,
		TypedMRZ:          map[int]TypedRule{1: TypedSecond, 2: TypedAllowed}[s.Typed],
		ApproveRevocation: s.Revocation == 1,
		ApproveExtension:  s.Extended == nil || *s.Extended != 0,
		ApprovePhoto:      s.Photo == nil || *s.Photo != 0,
	}
	if s.Level != 0 {
		r.ApproveBelow = LevelHigh
	}
	return nil
}

// Equal reports whether two sets of rules are the same.
func (r Rules) Equal(o Rules) bool {
	same := slices.EqualFunc(r.Extensions, o.Extensions, func(a, b Extension) bool {
		return a.Name == b.Name && slices.Equal(a.Kinds, b.Kinds) && a.From == b.From && a.To == b.To && a.Until == b.Until
	})
	r.Extensions, o.Extensions = nil, nil
	return same && r.MinAge == o.MinAge && r.PINMin == o.PINMin && r.PINMax == o.PINMax &&
		r.TypedMRZ == o.TypedMRZ && r.Accompanied == o.Accompanied && r.NationalGrace == o.NationalGrace && r.WordByBirth == o.WordByBirth &&
		r.ApproveRevocation == o.ApproveRevocation && r.ApproveExtension == o.ApproveExtension && r.ApprovePhoto == o.ApprovePhoto &&
		r.ApproveBelow == o.ApproveBelow
}

// Extension returns the law by which a document counts on a day though it expired on another: of several the one that
// lets it count the longest, so that desk and centre find the same.
func (r Rules) Extension(kind DocumentKind, expired, today Date) (best Extension, found bool) {
	for _, x := range r.Extensions {
		longer := !found || best.Until.Before(x.Until) || best.Until == x.Until && x.Name < best.Name
		if x.Name != "" && longer && x.Covers(kind, expired, today) {
			best, found = x, true
		}
	}
	return best, found
}

// Extension is a law that lets documents of some kinds count as valid beyond the day printed on them.
type Extension struct {
	Name  string         `json:"name"`  // of the law, as the screens and the transcript state it
	Kinds []DocumentKind `json:"kinds"` // of documents
	From  Date           `json:"from"`  // documents that expired from this day
	To    Date           `json:"to"`    // to this day
	Until Date           `json:"until"` // count as valid until this day
}

// Covers reports whether a document that has expired counts as valid on a day.
func (x Extension) Covers(kind DocumentKind, expired, today Date) bool {
	return slices.Contains(x.Kinds, kind) && !expired.Before(x.From) && !x.To.Before(expired) && !x.Until.Before(today)
}

// TypedRule says whether a machine-readable zone that was typed, without a chip, may enrol.
type TypedRule string

// Whether a typed zone may enrol. The zero value refuses.
const (
	TypedRefused TypedRule = ""
	TypedSecond  TypedRule = "second" // when a supervisor decides about it
	TypedAllowed TypedRule = "allowed"
)

// reconsider holds a case to rules that are no longer those it began under, before anything is signed under them. From
// the signature on the centre decides.
func (s *Session) reconsider() {
	doc := &s.state.Document
	if s.live == 0 || s.over() || s.signed || s.binding() || !doc.Complete || doc.Identity == nil {
		return
	}
	today, entered := DateOf(s.state.Now), s.state.Eligible.Entered
	last := doc.Identity.ValidUntil.Latest()
	_, extended := s.rules.Extension(doc.Identity.Kind, last, today)
	typed := doc.Access.NoChip
	switch {
	case s.errand.MakesKey() && doc.Identity.BirthDate.AgeOn(today) < s.rules.MinAge:
		s.end(Problem{Code: ProblemCode(ReasonUnderAge), Reader: doc.Reader})
	case last.Before(today) && !extended:
		s.end(Problem{Code: ProblemCode(ReasonDocumentExpired), Reader: doc.Reader})
	case typed && s.rules.TypedMRZ != TypedSecond && s.rules.TypedMRZ != TypedAllowed:
		s.end(Problem{Code: ProblemNoChip})
	case !s.state.Examining() && entered.Independence == Accompanied && !s.rules.Accompanied:
		s.end(Problem{Code: ProblemAccompanied})
	case s.state.Step == StepEligibility:
		s.judgeEligibility()
	}
	chooses := s.errand.Has(StepPIN) && (s.at(StepPIN) || s.at(StepReview))
	chosen := s.at(StepPIN) && s.state.PIN.Phase != PINFirst || s.at(StepReview)
	policy := s.state.PIN.Policy
	if chooses && (policy.MinDigits != s.rules.PINMin || policy.MaxDigits != s.rules.PINMax) {
		s.state.Review = ReviewState{}
		s.state.Step = StepPIN
		s.choosePIN()
		s.state.PIN.Changed = chosen
	}
}

// extension names the law by which the document counts, empty where it has not expired.
func (s *Session) extension() string {
	id, today := s.state.Document.Identity, DateOf(s.state.Now)
	last := id.ValidUntil.Latest()
	if !last.Before(today) {
		return ""
	}
	x, _ := s.rules.Extension(id.Kind, last, today)
	return x.Name
}

// RulesChanged: nothing was signed, because the centre has other rules by now.
type RulesChanged struct{ Centre CentreChanged }

// applyToCase: an answer to Sign. The rules come with it, so that nobody can agree in between to what they change.
func (e RulesChanged) applyToCase(s *Session) {
	if e.Centre.Rules.Known() {
		e.Centre.apply(s)
	}
	if s.inReview(ReviewSigning) && !s.signed {
		s.askForCard()
	}
}

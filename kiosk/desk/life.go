package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

// What the runner asks the centre about a key that there is.

// lifeCentre is what the centre does with keys that there are.
type lifeCentre interface {
	SetActivation(ctx context.Context, enrolment uuid.UUID, r central.ActivationRequest) (central.ActivationSent, error)
	ResendActivation(ctx context.Context, enrolment uuid.UUID, r central.ActivationRequest) (central.ActivationSent, error)
	ConfirmActivation(ctx context.Context, enrolment uuid.UUID, a central.ActivationAttempt) (central.ActivationConfirmed, error)
	Stored(ctx context.Context, enrolment uuid.UUID) (central.Stored, error)
	Times(ctx context.Context, enrolment uuid.UUID, seconds map[string]int) error
	Search(ctx context.Context, shift uuid.UUID, r central.SearchRequest) (central.Found, error)
	SuspendByWord(ctx context.Context, shift, search uuid.UUID, w central.WordSuspension) (central.Frozen, error)
	NotMe(ctx context.Context, shift uuid.UUID, n central.NotMe) (central.Frozen, error)
	Report(ctx context.Context, shift uuid.UUID, day string) (central.DayReport, error)
}

// errandKey looks at a key and opens nothing.
const errandKey = "key"

// Attempts at codes that people bring are told apart from those at the codes of contacts.
const (
	activationAttempts kiosk.Channel = "activation"
	notMeAttempts      kiosk.Channel = "not_me"
)

// person is whom the centre is asked about.
func (r *Runner) person(v *visit, errand string, id kiosk.Identity, taxNumber string) central.Person {
	return central.Person{
		Document: id.Kind, Country: id.Country, CivilNumber: id.CivilNumber, DocumentNumber: id.DocumentNumber,
		TaxNumber: taxNumber, Typed: len(v.read.Zone) > 0, Shift: r.shiftID(), Errand: errand,
	}
}

// readKey asks for the key of the visit's person.
func (r *Runner) readKey(c kiosk.ReadKey) {
	r.ask(c.Case, func(v *visit) {
		id, err := uuid.NewV7()
		if err != nil {
			r.failed(v, "", err)
			return
		}
		opened, err := r.cfg.Centre.Open(v.ctx, id, r.person(v, errandKey, c.Identity, ""))
		switch {
		case err != nil:
			r.failed(v, "", err)
		case opened.Refusal == central.NoKey:
			r.answer(v, kiosk.KeyRead{})
		case opened.Refusal != "" || opened.Key == nil:
			r.answer(v, kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemCode(opened.Refusal), Fatal: true}})
		default:
			r.answer(v, kiosk.KeyRead{Key: opened.Key})
		}
	})
}

// visitOf returns the visit of a case; one of a case without a document is made when it is first asked for.
func (r *Runner) visitOf(ctx context.Context, id kiosk.CaseID) {
	if r.visit != nil && r.visit.id == id {
		return
	}
	r.forget()
	v := r.newVisit(ctx, id, true, true)
	close(v.gone)
	r.visit, r.givenBack = v, v.gone
	r.work.Add(1)
}

// setActivation tells the centre how an activation code goes.
func (r *Runner) setActivation(c kiosk.SetActivation) {
	r.ask(c.Case, func(v *visit) {
		id, err := v.sendID(c.Number)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		ask := r.cfg.Centre.SetActivation
		if c.Resend {
			ask = r.cfg.Centre.ResendActivation
		}
		sent, err := ask(v.ctx, v.enrolment(), central.ActivationRequest{
			ID: id, Channel: c.Activation.Channel, Value: c.Activation.Value, Address: c.Activation.Address, Language: c.Language,
		})
		switch {
		case err != nil:
			r.failed(v, "", err)
		case sent.Refusal != "":
			r.answer(v, kiosk.ActivationRefused{Problem: kiosk.ContactProblem(sent.Refusal)})
		default:
			r.answer(v, kiosk.ActivationSet{ExpiresAt: sent.ExpiresAt})
		}
	})
}

// confirmActivation has an activation code compared.
func (r *Runner) confirmActivation(c kiosk.ConfirmActivation) {
	asked := r.ask(c.Case, func(v *visit) {
		defer c.Code.Wipe()
		id, err := v.attemptID(activationAttempts, c.Code)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		answer, err := r.cfg.Centre.ConfirmActivation(v.ctx, v.enrolment(), central.ActivationAttempt{ID: id, Code: c.Code})
		if err != nil {
			r.failed(v, "", err)
			return
		}
		v.answered(activationAttempts)
		r.answer(v, kiosk.ActivationAnswered{
			Problem: kiosk.ContactProblem(answer.Refusal), TriesLeft: answer.TriesLeft,
			Channel: answer.Channel, Contact: answer.Contact, Proof: answer.Proof, At: answer.At,
		})
	})
	if !asked {
		c.Code.Wipe()
	}
}

// search looks for keys. What is searched again without anything in between is the same search.
func (r *Runner) search(ctx context.Context, c kiosk.Search) {
	r.visitOf(ctx, c.Case)
	shift := r.shiftID()
	r.ask(c.Case, func(v *visit) {
		id, err := v.searchID(c)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		found, err := r.cfg.Centre.Search(v.ctx, shift, central.SearchRequest{
			ID: id, Kind: string(c.Kind), Value: c.Value, Country: c.Country, Reason: string(c.Reason),
		})
		if tooMany(err) {
			r.answer(v, kiosk.SearchRefused{Code: kiosk.ProblemTooMany})
			return
		}
		if err != nil {
			r.failed(v, "", err)
			return
		}
		r.answer(v, kiosk.Searched{ID: id, Found: found.Keys})
	})
}

// tooMany reports whether an error says that a limit of the desk's is used up.
func tooMany(err error) bool {
	var refused *central.Refused
	return errors.As(err, &refused) && refused.Code == central.RefusedTooMany
}

// suspendByWord suspends a key that was found.
func (r *Runner) suspendByWord(c kiosk.SuspendByWord) {
	shift := r.shiftID()
	r.ask(c.Case, func(v *visit) {
		answer, err := r.cfg.Centre.SuspendByWord(v.ctx, shift, c.Search, central.WordSuspension{
			Register: c.Register, BirthDate: c.BirthDate.String(), Number: c.Number, Reason: string(c.Reason),
		})
		switch {
		case tooMany(err), answer.Refusal == central.CodeLocked:
			r.answer(v, kiosk.WordRefused{Code: kiosk.ProblemTooMany})
		case err != nil:
			r.failed(v, "", err)
		case answer.Refusal == central.NotConfirmed:
			r.answer(v, kiosk.WordRefused{Wrong: true})
		case answer.Refusal != "":
			r.answer(v, kiosk.WordRefused{Code: kiosk.ProblemCode(answer.Refusal)})
		default:
			r.answer(v, kiosk.WordTaken{})
		}
	})
}

// notMe freezes the key of a notice.
func (r *Runner) notMe(ctx context.Context, c kiosk.NotMe) {
	r.visitOf(ctx, c.Case)
	shift := r.shiftID()
	asked := r.ask(c.Case, func(v *visit) {
		defer c.Code.Wipe()
		id, err := v.attemptID(notMeAttempts, c.Code)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		answer, err := r.cfg.Centre.NotMe(v.ctx, shift, central.NotMe{ID: id, Code: c.Code})
		if err != nil && !tooMany(err) {
			r.failed(v, "", err)
			return
		}
		v.answered(notMeAttempts)
		told := kiosk.NotMeAnswered{Register: answer.Register, State: answer.State}
		switch {
		case err != nil, answer.Refusal == central.CodeLocked:
			told.Code = kiosk.ProblemTooMany
		case answer.Refusal == central.WrongState:
			told.Code = kiosk.ProblemWrongState
		case answer.Refusal != "":
			told.Wrong = true
		}
		r.answer(v, told)
	})
	if !asked {
		c.Code.Wipe()
	}
}

// readStored asks for what is stored about the visit's person.
func (r *Runner) readStored(c kiosk.ReadStored) {
	r.ask(c.Case, func(v *visit) {
		stored, err := r.cfg.Centre.Stored(v.ctx, v.enrolment())
		var told kiosk.StoredRead
		if err == nil {
			err = json.Unmarshal(stored.Stored, &told.Sections)
		}
		if err != nil {
			r.failed(v, "", err)
			return
		}
		r.answer(v, told)
	})
}

// readReport asks for the figures of a day.
func (r *Runner) readReport(ctx context.Context, c kiosk.ReadReport) {
	shift := r.shiftID()
	r.work.Go(func() {
		report, err := r.cfg.Centre.Report(ctx, shift, c.Day.String())
		if err != nil {
			r.Send(kiosk.ReportRead{Day: c.Day, Problem: r.centreProblem("report a day", err)})
			return
		}
		told := kiosk.ReportRead{Day: c.Day}
		for _, e := range report.Errands {
			told.Errands = append(told.Errands, reportErrand(e))
		}
		r.Send(told)
	})
}

func reportErrand(e central.ErrandCount) kiosk.ReportErrand {
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	row := kiosk.ReportErrand{Errand: e.Errand, Outcome: e.Outcome, Count: e.N, Median: seconds(e.Median)}
	for _, errands := range [][]kiosk.Errand{kiosk.Errands, kiosk.Life} {
		for _, errand := range errands {
			for _, step := range errand.Steps {
				if median, ok := e.Steps[string(step)]; ok && errand.Name == e.Errand {
					row.Steps = append(row.Steps, kiosk.ReportStepTime{Step: step, Median: seconds(median)})
				}
			}
		}
	}
	return row
}

// printPaper makes a paper on a goroutine of its own.
func (r *Runner) printPaper(ctx context.Context, c kiosk.PrintReceipt) {
	if r.visit == nil || r.visit.id != c.Case { // of a case that needed neither document nor centre
		r.visitOf(ctx, c.Case)
	}
	r.ask(c.Case, func(v *visit) { r.print(v.ctx, c) })
}

// spend adds the time since the last event to the step in which it passed.
func (v *visit) spend(step kiosk.Step, now time.Time) {
	if v == nil {
		return
	}
	if !v.stepSince.IsZero() && v.step != "" {
		v.spent[v.step] += now.Sub(v.stepSince)
	}
	v.step, v.stepSince = step, now
}

// tellTimes tells the centre how long the visit took. Nobody waits for it, and nothing follows from it.
func (r *Runner) tellTimes(v *visit) {
	seconds := map[string]int{}
	for step, spent := range v.spent {
		if s := int(spent / time.Second); s > 0 && !slices.Contains([]kiosk.Step{kiosk.StepDone, kiosk.StepStored}, step) {
			seconds[string(step)] = s
		}
	}
	if v.enrolment() == uuid.Nil || len(seconds) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.desk), r.cfg.Pace.Farewell)
	defer cancel()
	if err := r.cfg.Centre.Times(ctx, v.enrolment(), seconds); err != nil {
		r.cfg.Log.Debug("times", "case", uint64(v.id), "error", err.Error())
	}
}

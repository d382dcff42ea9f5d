package desk

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/transcript"
)

// approval is what the runner keeps of a case that a supervisor looks at. Its context ends with the supervisor's errand.
type approval struct {
	id         kiosk.CaseID // of the errand
	ctx        context.Context
	end        context.CancelFunc
	transcript []byte        // its hash, which a decision names; set before the session hears of the case
	told       chan struct{} // the centre says that there is news
}

func (r *Runner) answerApproval(a *approval, e kiosk.CaseEvent) {
	if a.ctx.Err() == nil {
		r.Send(kiosk.InCase{Case: a.id, Event: e})
	}
}

// listCases asks which enrolments wait for a supervisor.
func (r *Runner) listCases(ctx context.Context) {
	shift := r.shiftID()
	r.work.Go(func() {
		found, err := r.cfg.Centre.Cases(ctx, shift)
		if err != nil {
			r.Send(kiosk.CasesListed{Problem: r.caseError("list the cases", err)})
			return
		}
		listed := kiosk.CasesListed{}
		for _, c := range found {
			listed.Cases = append(listed.Cases, waitingCase(c))
		}
		r.Send(listed)
	})
}

func waitingCase(c central.Case) kiosk.WaitingCase {
	waiting := kiosk.WaitingCase{
		ID: c.Enrolment, Desk: c.Desk, Clerk: kiosk.Staff{Number: c.Staff, Name: c.Name}, OpenedAt: c.OpenedAt, LeasedTo: c.LeasedTo,
	}
	for _, reason := range c.Reasons {
		waiting.Reasons = append(waiting.Reasons, kiosk.ApprovalReason(reason))
	}
	return waiting
}

// takeCase leases a case and reads what it is about.
func (r *Runner) takeCase(ctx context.Context, c kiosk.TakeCase) {
	r.endApproval()
	a, shift := &approval{id: c.Case, told: make(chan struct{}, 1)}, r.shiftID()
	a.ctx, a.end = context.WithCancel(ctx)
	r.approval.Store(a)
	released := r.released
	r.work.Go(func() {
		if released != nil {
			<-released
		}
		leased, err := r.cfg.Centre.TakeCase(a.ctx, shift, c.ID)
		switch {
		case err != nil:
			r.answerApproval(a, kiosk.CaseRefused{Code: r.caseError("take a case", err)})
			return
		case leased.Refusal != "":
			r.answerApproval(a, kiosk.CaseRefused{Code: caseProblem(leased.Refusal)})
			return
		}
		signed, err := readCase(leased.JWS)
		if err != nil {
			r.cfg.Log.Warn("case", "enrolment", c.ID.String(), "error", err.Error())
			r.giveCaseBack(ctx, shift, c.ID)
			r.answerApproval(a, kiosk.CaseRefused{Code: kiosk.ProblemInternal})
			return
		}
		sum := sha256.Sum256(signed.Payload)
		a.transcript = sum[:]
		r.answerApproval(a, kiosk.CaseTaken{Case: openCase(c.ID, leased, signed.Transcript)})
	})
}

// readCase verifies that what the supervisor is to read was signed as it is. Who signed is for the registrar to judge.
func readCase(jws []byte) (*transcript.Signed, error) {
	const citizen, desk, staff = transcript.CitizenSignature, transcript.DeskSignature, transcript.StaffSignature
	var failed error
	for _, roles := range [][]transcript.Role{{citizen, desk, staff}, {desk, staff}, {citizen, desk}, {desk}} {
		read, err := transcript.Parse(jws, roles...)
		if err == nil {
			return read.Verify()
		}
		failed = err
	}
	return nil, failed
}

func openCase(id uuid.UUID, leased central.LeasedCase, t transcript.Transcript) kiosk.OpenCase {
	c := kiosk.OpenCase{
		WaitingCase: waitingCase(central.Case{
			Enrolment: id, OpenedAt: leased.OpenedAt, Desk: leased.Desk, Staff: leased.Staff, Name: leased.Name, Reasons: leased.Reasons,
		}),
		LeasedUntil: leased.LeasedUntil,
		Person: kiosk.Identity{
			Kind: t.Document.Kind, Generation: t.Document.Generation, Country: t.Document.Country, DocumentNumber: t.Document.Number,
			CivilNumber: t.Document.CivilNumber, ValidUntil: t.Document.ValidUntil, Surname: t.Person.Surname, GivenNames: t.Person.GivenNames,
			Nationality: t.Person.Nationality, BirthDate: t.Person.BirthDate, TaxNumber: t.Person.TaxNumber, NameSource: t.Person.NameSource,
		},
		Eligibility: kiosk.Eligibility{
			TaxNumber: t.Person.TaxNumber, Address: kiosk.Seen(t.Eligibility.Address), Residence: kiosk.Seen(t.Eligibility.Residence),
			Independence: t.Eligibility.Independence,
		},
		Extension: t.Eligibility.Extension,
		Level:     leased.Level,
	}
	for _, contact := range t.Contacts {
		c.Contacts = append(c.Contacts, kiosk.ProvenContact{Channel: contact.Channel, Value: contact.Value, Proof: contact.Proof, At: contact.ConfirmedAt})
	}
	for _, check := range leased.Checks {
		c.Checks = append(c.Checks, kiosk.Check{Name: check.Name, Result: check.Result, Reason: check.Reason, Source: check.Source, At: check.At})
	}
	return c
}

// caseProblem is what the screens say when the centre does not let a case be decided.
func caseProblem(refusal central.Refusal) kiosk.ProblemCode {
	switch refusal {
	case central.CaseGone:
		return kiosk.ProblemCaseGone
	case central.CaseLeased:
		return kiosk.ProblemCaseLeased
	case central.OwnCase:
		return kiosk.ProblemOwnCase
	}
	return kiosk.ProblemNotProven
}

// caseError is what the screens say of the centre's error about cases. One about the shift ends it.
func (r *Runner) caseError(work string, err error) kiosk.ProblemCode {
	r.barred(err)
	return r.centreProblem(work, err)
}

// releaseCase gives a case back. Who takes it again waits for that: otherwise the lease that they got would be given back.
func (r *Runner) releaseCase(ctx context.Context, c kiosk.ReleaseCase) {
	shift, done := r.shiftID(), make(chan struct{})
	r.released = done
	r.work.Go(func() {
		defer close(done)
		r.giveCaseBack(ctx, shift, c.ID)
	})
}

// giveCaseBack tells the centre. When it does not hear it, the lease ends by itself.
func (r *Runner) giveCaseBack(ctx context.Context, shift, id uuid.UUID) {
	if err := r.cfg.Centre.ReleaseCase(ctx, shift, id); err != nil && ctx.Err() == nil {
		_ = r.caseError("give a case back", err) // logged
	}
}

// endApproval forgets the case that a supervisor looked at.
func (r *Runner) endApproval() {
	if a := r.approval.Swap(nil); a != nil {
		a.end()
	}
}

// decide has the supervisor's card sign the decision, and hands it over.
func (r *Runner) decide(c kiosk.Decide) {
	a, name, shift := r.approval.Load(), r.readerName(c.Reader), r.shift.Load()
	if a == nil || a.id != c.Case || shift == nil {
		c.PIN.Wipe()
		return
	}
	tell := func(code kiosk.ProblemCode) { r.answerApproval(a, kiosk.StaffSignFailed{Problem: code}) }
	r.staff.jobs.put(staffJob{pin: c.PIN, failed: tell, do: func(ctx context.Context, w *staffWork) {
		if a.ctx.Err() != nil || !w.ready(ctx, c.Reader, name, c.PIN, shift, tell) {
			return
		}
		jws, err := transcript.SignApproval(ctx, transcript.Approval{
			Enrolment: c.ID, Transcript: a.transcript, Decision: string(c.Decision), Reason: string(c.Reason),
			Shift: shift.id, Desk: r.desk, At: r.cfg.Now(),
		}, w.card.Chain(), w.card)
		if err != nil {
			w.failed("decide", err, tell)
			return
		}
		w.done()
		r.answerApproval(a, kiosk.DecisionSigned{})
		r.work.Go(func() { r.handOver(a, shift.id, c.ID, jws) })
	}})
}

// handOver tells the centre of a decision until it has answered once, and waits for what comes of it.
func (r *Runner) handOver(a *approval, shift, enrolment uuid.UUID, jws []byte) {
	for wait := r.cfg.Pace.FirstRetry; ; wait = min(wait*2, r.cfg.Pace.LastRetry) {
		decided, err := r.cfg.Centre.Decide(a.ctx, shift, enrolment, jws)
		switch {
		case err == nil && decided.Refusal != "":
			r.answerApproval(a, kiosk.CaseRefused{Code: caseProblem(decided.Refusal)})
			return
		case err == nil:
			r.awaitDecision(a, shift, enrolment)
			return
		case !errors.Is(err, central.ErrUnavailable):
			r.answerApproval(a, kiosk.CaseRefused{Code: r.caseError("decide", err)})
			return
		}
		r.answerApproval(a, kiosk.DecisionWaiting{})
		if !pause(a.ctx, wait) {
			return
		}
	}
}

// declined is why an enrolment is refused that a supervisor refused.
const declined = "declined"

// awaitDecision waits for the registrar, who verifies the evidence again. The centre announces when it has.
func (r *Runner) awaitDecision(a *approval, shift, enrolment uuid.UUID) {
	for {
		status, err := r.cfg.Centre.CaseStatus(a.ctx, shift, enrolment)
		switch {
		case err != nil && !errors.Is(err, central.ErrUnavailable):
			r.answerApproval(a, kiosk.CaseRefused{Code: r.caseError("decide", err)})
			return
		case err != nil || status.State == central.StateDeciding:
		case status.State == central.StateWaiting: // the registrar did not take the decision
			r.answerApproval(a, kiosk.CaseRefused{Code: kiosk.ProblemNotProven})
			return
		default:
			outcome := kiosk.CaseOutcome{Active: status.State == central.StateActive, Register: status.Register}
			if !outcome.Active && status.Refusal != declined {
				outcome.Refusal = kiosk.ProblemCode(status.Refusal)
			}
			r.answerApproval(a, kiosk.Decided{Outcome: outcome})
			return
		}
		overdue := time.NewTimer(r.cfg.Pace.Overdue)
		select {
		case <-a.ctx.Done():
			overdue.Stop()
			return
		case <-a.told:
		case <-overdue.C:
		}
		overdue.Stop()
	}
}

// casesChanged passes on that a case came or was decided.
func (r *Runner) casesChanged() {
	if a := r.approval.Load(); a != nil {
		select {
		case a.told <- struct{}{}:
		default:
		}
	}
	r.Send(kiosk.CasesChanged{})
}

package present

import "balcao/kiosk"

// OverlayModel asks something over the page: whether to end the case, whether anybody is there.
type OverlayModel struct {
	Title, Text string
	Actions     []Action
	Escape      kiosk.Event // what Esc does without a button for it
}

func (p Presenter) overlay() *OverlayModel {
	switch {
	case p.State.IdleSoon && p.State.HandedOver:
		return nil // it stands over the citizen's page
	case p.State.IdleSoon:
		return p.idleWarning()
	case p.State.ConfirmCancel:
		return p.confirmCancel()
	default:
		return nil
	}
}

// idleWarning is said before an untouched case ends: to the clerk, and to the citizen where they are asked.
func (p Presenter) idleWarning() *OverlayModel {
	return &OverlayModel{
		Title:   p.Text("idle.title"),
		Text:    p.Format("idle.text", Values{"Time": countdown(p.State.IdleAt.Sub(p.State.Now))}),
		Actions: []Action{{Text: p.Text("action.continue"), Key: "Enter", Main: true, Event: kiosk.StillHere{}}},
	}
}

// confirmCancel asks before the case ends. Enter, which the next page would want, goes on, and so does a second
// Esc; ending takes the key of a refusal.
func (p Presenter) confirmCancel() *OverlayModel {
	text := p.Text("cancel.text")
	if p.State.Past(kiosk.StepContact) || p.State.Contact.Settled {
		text += " " + p.Text("cancel.text_contact")
	}
	return &OverlayModel{
		Title: p.Text("cancel.title"),
		Text:  text,
		Actions: []Action{
			{Text: p.Text("action.keep_going"), Key: "Enter", Main: true, Event: kiosk.CancelDismissed{}},
			{Text: p.Text("action.end_case"), Key: "F8", Grave: true, Event: kiosk.CancelConfirmed{}},
		},
		Escape: kiosk.CancelDismissed{},
	}
}

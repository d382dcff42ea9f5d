package delivery

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linxGnu/gosmpp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// receiptRequested asks for a final receipt, of success or failure (SMPP 3.4 §5.2.17).
const receiptRequested = 1

// SMS sends short messages over one bind that Run keeps.
type SMS struct {
	cfg    SMSConfig
	log    *slog.Logger
	source pdu.Address
	// receipt stores a delivery receipt; see NewSMS.
	receipt func(ctx context.Context, r Receipt) error

	reference atomic.Uint32 // of joined messages
	ids       messageIDs
	pace      *pace
	keepAll   atomic.Bool // this message centre replaces none

	mu      sync.Mutex
	bound   *bind         // nil while there is none
	changed chan struct{} // closed, and replaced, when the bind comes or goes
}

// NewSMS returns a sender that Run connects. Each final receipt is given to the function receipt;
// while that returns an error the message centre is told to deliver the receipt again later, so a
// receipt is not lost when it cannot be stored just now.
func NewSMS(cfg SMSConfig, log *slog.Logger, receipt func(context.Context, Receipt) error) (*SMS, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring SMS: %w", err)
	}
	source, err := sourceAddress(cfg.Source)
	if err != nil {
		return nil, fmt.Errorf("configuring SMS: %w", err)
	}
	s := &SMS{cfg: cfg, log: log, source: source, receipt: receipt, changed: make(chan struct{}), pace: newPace(cfg.Window, cfg.PerSecond)}
	s.reference.Store(rand.Uint32()) //nolint:gosec // a reference, no secret
	return s, nil
}

// Run keeps a bind until ctx ends: it connects, and connects again after half a second that grows to
// half a minute. It always returns ctx's error.
func (s *SMS) Run(ctx context.Context) error {
	const first, longest = 500 * time.Millisecond, 30 * time.Second
	pause := first
	for ctx.Err() == nil {
		b, err := connect(ctx, s.cfg)
		if err == nil {
			s.log.InfoContext(ctx, "bound to the message centre")
			pause = first
			err = s.serve(ctx, b)
		}
		if ctx.Err() != nil {
			break
		}
		s.log.WarnContext(ctx, "no bind to the message centre", "cause", bindCause(err), "again_in", pause.String())
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // jitter: several registrars lose it at once
		}
		pause = min(2*pause, longest)
	}
	return ctx.Err()
}

// serve lets senders use the bind for as long as it lives.
func (s *SMS) serve(ctx context.Context, b *bind) error {
	// Receipts are stored beside the reader, so that a slow database delays no answer. When too many
	// wait the message centre keeps the rest.
	receipts := make(chan *pdu.DeliverSM, 64)
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		for p := range receipts {
			s.store(ctx, b, p)
		}
	}()
	b.taken = s.ids.given
	s.setBound(b)
	err := b.run(ctx, s.cfg.EnquireEvery, s.cfg.Timeout, func(p *pdu.DeliverSM) {
		select {
		case receipts <- p:
		default:
			s.acknowledge(b, p, data.ESME_RMSGQFUL)
		}
	})

	s.setBound(nil)
	close(receipts)
	<-stored
	return err
}

func (s *SMS) setBound(b *bind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound = b
	close(s.changed)
	s.changed = make(chan struct{})
}

// Changed returns a channel that is closed when the bind comes or goes the next time.
func (s *SMS) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// store keeps one receipt and only then acknowledges it. Anything that is not a final receipt is
// acknowledged and forgotten.
func (s *SMS) store(ctx context.Context, b *bind, p *pdu.DeliverSM) {
	status := data.ESME_ROK
	if r, final := parseReceipt(p, &s.ids); final {
		if err := s.receipt(ctx, r); err != nil {
			status = data.ESME_RX_T_APPN
		}
	}
	s.acknowledge(b, p, status)
}

func (s *SMS) acknowledge(b *bind, p *pdu.DeliverSM, status data.CommandStatusType) {
	answer := p.GetResponse().(*pdu.DeliverSMResp)
	answer.CommandStatus = status
	_ = b.write(answer) // the reading goroutine notices a broken connection
}

// Bound reports whether there is a bind just now.
func (s *SMS) Bound() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bound != nil
}

// Check reports whether there is a bind just now.
func (s *SMS) Check(context.Context) error {
	if !s.Bound() {
		return temporary("sms_unbound")
	}
	return nil
}

// Send submits the message and waits until the message centre took it. It returns the identifier
// under which the receipt will come. The error is an *Error or ctx's.
func (s *SMS) Send(ctx context.Context, m Message) (id string, err error) {
	parts, alphabet, err := shortMessages(m.Body)
	if err != nil {
		return "", permanent("sms_text")
	}
	if len(parts) > 255 {
		return "", permanent("sms_text")
	}
	to, err := pdu.NewAddressWithTonNpiAddr(data.GSM_TON_INTERNATIONAL, data.GSM_NPI_E164, strings.TrimPrefix(m.To, "+"))
	if err != nil || !strings.HasPrefix(m.To, "+") {
		return "", permanent("sms_address")
	}
	b, err := s.waitBound(ctx)
	if err != nil {
		return "", err
	}
	reference := byte(s.reference.Add(1))
	for i, part := range parts {
		last := i == len(parts)-1
		submit := pdu.NewSubmitSM().(*pdu.SubmitSM)
		submit.SourceAddr = s.source
		submit.DestAddr = to
		submit.ValidityPeriod = validity(m.Expires, time.Now())
		if m.Replaces && !s.keepAll.Load() {
			submit.ReplaceIfPresentFlag = 1
		}
		if reference := m.Reference(); reference != 0 {
			submit.RegisterOptionalParam(pdu.Field{Tag: pdu.TagUserMessageReference, Data: binary.BigEndian.AppendUint16(nil, reference)})
		}
		if last { // one receipt is enough
			submit.RegisteredDelivery = receiptRequested
		}
		if err := submit.Message.SetMessageDataWithEncoding(part, alphabet); err != nil {
			return "", permanent("sms_text")
		}
		if len(parts) > 1 {
			submit.EsmClass |= data.SM_UDH_GSM
			submit.Message.SetUDH(pdu.UDH{pdu.NewIEConcatMessage(byte(len(parts)), byte(i+1), reference)})
		}
		if id, err = s.submitInTurn(ctx, b, submit); err != nil {
			return "", err
		}
	}
	return id, nil
}

// submitInTurn sends one part when it is its turn, again where the message centre says that it came too fast, and without
// replacing where it says that it replaces nothing.
func (s *SMS) submitInTurn(ctx context.Context, b *bind, p *pdu.SubmitSM) (id string, err error) {
	const tries = 4
	for range tries {
		var done func()
		if done, err = s.pace.turn(ctx); err != nil {
			return "", err
		}
		id, err = s.submit(ctx, b, p)
		done()
		switch Code(err) {
		case codeThrottled:
			s.pace.slower()
		case codeReplaceFlag:
			s.keepAll.Store(true)
			p.ReplaceIfPresentFlag = 0
		default:
			if err == nil {
				s.pace.faster()
			}
			return id, err
		}
		p.AssignSequenceNumber() // a number belongs to one request (SMPP 3.4 §3.2)
	}
	return "", err
}

const codeThrottled, codeReplaceFlag = "sms_throttled", "sms_refused_54"

// submit sends one part and classifies the answer.
func (s *SMS) submit(ctx context.Context, b *bind, p *pdu.SubmitSM) (id string, err error) {
	asking, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answer, err := b.ask(asking, p)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return "", &Error{Code: "sms_timeout", Temporary: true, Unsure: true}
	case err != nil:
		return "", &Error{Code: "sms_lost", Temporary: true, Unsure: true}
	}
	resp, ok := answer.(*pdu.SubmitSMResp)
	if !ok || !resp.IsOk() {
		return "", refusal(answer.GetHeader().CommandStatus)
	}
	if !printable(resp.MessageID) || len(resp.MessageID) > maxMessageID {
		return "", nil // taken, but no receipt will be recognised
	}
	return resp.MessageID, nil
}

// waitBound returns the bind. When there is none it waits a moment, because most often it is being
// renewed.
func (s *SMS) waitBound(ctx context.Context) (*bind, error) {
	timer := time.NewTimer(3 * time.Second)
	defer timer.Stop()
	for {
		s.mu.Lock()
		b, changed := s.bound, s.changed
		s.mu.Unlock()
		if b != nil {
			return b, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, temporary("sms_unbound")
		case <-changed:
		}
	}
}

// refusal classifies a command_status of SMPP 3.4 §5.1.3. Only what is wrong with this message is
// permanent; the rest may change at the message centre.
func refusal(status data.CommandStatusType) *Error {
	switch status {
	case data.ESME_RINVDSTADR, data.ESME_RINVDSTTON, data.ESME_RINVDSTNPI:
		return permanent("sms_address")
	case data.ESME_RINVMSGLEN, data.ESME_RINVESMCLASS:
		return permanent("sms_text")
	case data.ESME_RTHROTTLED, data.ESME_RMSGQFUL:
		return temporary(codeThrottled)
	}
	return temporary("sms_refused_%02x", uint32(status))
}

// validity writes a relative validity_period (SMPP 3.4 §7.1.1.1), "" when the message never expires.
func validity(expires, now time.Time) string {
	if expires.IsZero() {
		return ""
	}
	left := max(expires.Sub(now).Round(time.Second), time.Second)
	if left >= 100*24*time.Hour {
		return ""
	}
	seconds := int(left / time.Second)
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60)
}

// bindCause names why there is no bind, for operators.
func bindCause(err error) string {
	if refused, ok := errors.AsType[gosmpp.BindError](err); ok {
		return fmt.Sprintf("bind refused with command_status %08x", uint32(refused.CommandStatus))
	}
	return err.Error()
}

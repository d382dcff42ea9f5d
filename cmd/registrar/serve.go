package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"balcao/cmd/internal/metrics"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/delivery"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/registrar"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/staff"
)

// serve wires the parts and works until ctx ends. The channels outlive the workers, which finish the
// jobs at hand. ready is called once, when work can come.
func serve(ctx context.Context, cfg config, log *slog.Logger, ready func()) error {
	identity, pepper, err := loadKeys(cfg.Identity, cfg.Pepper)
	if err != nil {
		return err
	}
	defer clear(pepper)
	recordKey, err := loadRecordKey(cfg.RecordKey)
	if err != nil {
		return err
	}
	defer clear(recordKey)
	oldRecords, err := loadRecords(cfg.OldRecords)
	if err != nil {
		return err
	}
	store, err := trust.Load(cfg.Trust)
	if err != nil {
		return fmt.Errorf("loading trust anchors: %w", err)
	}
	countries, err := country.Load(cfg.Trust)
	if err != nil {
		return fmt.Errorf("loading the anchors of States: %w", err)
	}
	asking := fetch.Client(cfg.AllowPrivateRevocation)
	folder.Log(ctx, log, slices.Concat(store.BadFiles(), countries.BadFiles())...)
	authority, err := deskca.LoadCertificate(cfg.DeskAuthority)
	if err != nil {
		return err
	}
	cards, err := staff.Load(cfg.StaffAuthority, cfg.StaffCards)
	if err != nil {
		return err
	}
	pool, err := registrar.OpenPool(ctx, cfg.Database, cfg.Workers)
	if err != nil {
		return err
	}
	defer pool.Close()
	sequencer, err := cfg.sequencer(log)
	if err != nil {
		return err
	}
	sms, err := delivery.NewSMS(cfg.SMS.delivery(), log, registrar.Receipts(pool))
	if err != nil {
		return err
	}
	mail, err := delivery.NewMail(cfg.Mail.delivery())
	if err != nil {
		return err
	}
	texts, err := cfg.texts()
	if err != nil {
		return err
	}
	worker, err := registrar.New(registrar.Config{
		DB: pool,
		Verifier: evidence.Verifier{Examiner: &examine.Examiner{
			Trust: store, Revocation: &trust.Revocation{HTTP: asking},
			Countries: countries, CountryRevocation: &country.Revocation{Authorities: countries, HTTP: asking},
		}},
		DeskAuthority: authority,
		StaffTrust:    cards,
		RecordKey:     recordKey,
		OldRecords:    oldRecords,
		SMS:           sms,
		Mail:          mail,
		Texts:         texts,
		Identity:      identity,
		Pepper:        pepper,
		Name:          cfg.Name,
		Workers:       cfg.Workers,
		Log:           log,
	})
	if err != nil {
		return err
	}
	worker.Ready(sync.OnceFunc(ready))
	if cfg.Metrics != "" {
		all := append(worker.Metrics(), metrics.Registrar(store, countries, authority, len(cfg.Log.Witnesses))...)
		stop, err := metrics.Serve(ctx, cfg.Metrics, log, all...)
		if err != nil {
			return err
		}
		defer stop()
	}

	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	var channels sync.WaitGroup
	channels.Go(func() { _ = sms.Run(sending) })
	if sequencer != nil {
		channels.Go(func() { _ = sequencer.Run(sending) })
	}
	channels.Go(func() { cfg.tellTrust(sending, pool, log) })
	log.InfoContext(ctx, "working", "workers", cfg.Workers)
	err = worker.Run(ctx)
	stop()
	channels.Wait()
	if errors.Is(err, context.Canceled) {
		log.InfoContext(sending, "stopped")
		return nil
	}
	return err
}

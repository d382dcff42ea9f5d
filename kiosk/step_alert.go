package kiosk

// alertsStep lists what the centre noticed.
type alertsStep struct{ plainStep }

// alertStep shows one alert, and takes what a supervisor decides about it.
type alertStep struct{ plainStep }

// AlertsState is a supervisor's errand: what the centre noticed.
type AlertsState struct{ Phase ApprovalPhase }

//! The vocabulary of the log: actions and outcomes.

kit::string_enum! {
    /// An action that the log records.
    Action as Action {
        KeyCreated = "api_key.created",
        /// Name, description, allow-list, limit or custodian changed.
        KeyUpdated = "api_key.updated",
        /// The key got a successor.
        KeyRotated = "api_key.rotated",
        /// The end of the rotation has come, and the old key stays active, as it is still in use, or no active key replaces it.
        KeyRotationBlocked = "api_key.rotation_blocked",
        /// Requests with the key are refused until the pause ends; `details` has the time, if it has one.
        KeyPaused = "api_key.paused",
        /// Every node refuses a paused key; `details` names the nodes that confirmed it and those whose lease ran out.
        KeyPausedEverywhere = "api_key.paused_everywhere",
        /// Somebody ended a pause, or it ended by itself; `details` says which.
        KeyResumed = "api_key.resumed",
        /// Requests that a smaller set of scopes would refuse are counted for 7 days; none is refused for it.
        KeyShadowStarted = "api_key.shadow_started",
        /// Shadow mode was ended before its time, or its result was removed; `details` says which.
        KeyShadowEnded = "api_key.shadow_ended",
        KeyRevoked = "api_key.revoked",
        /// Every node refuses a revoked key; `details` names the nodes that confirmed it and those whose lease ran out.
        KeyRefusedEverywhere = "api_key.refused_everywhere",
        /// The key expires within seven days, or within a day; `details` has the days that are left.
        KeyExpiring = "api_key.expiring",
        KeyExpired = "api_key.expired",
        /// First use of a key, or first use from a new address.
        KeyUsed = "api_key.used",
        /// Requests with a key were denied; `details` has the reason and their number.
        KeyDenied = "api_key.denied",
        /// A key was sent in a query string, which proxies and histories keep.
        KeyLeakedInUrl = "api_key.leaked_in_url",
        /// A key was found where others can read it; `details` has the address.
        KeyLeaked = "api_key.leaked",
        /// The keys of a custodian who was removed got another one; `details` has their number, and the ids of the first 100.
        KeysHandedOver = "api_key.custody_transferred",
        /// A rule on unusual activity applies to a key; `details` has its kind and its numbers.
        KeyUnusual = "api_key.unusual",
        KeySettingsUpdated = "settings.api_keys.updated",
        /// The policy for new and rotated keys changed; `details` has each change.
        KeyPolicyUpdated = "settings.api_key_policy.updated",
        /// The data of the workspace's sandbox was deleted; `details` has the numbers of rows.
        SandboxReset = "sandbox.reset",
        /// The policy on second factors, sessions or passwords changed; `details` has each change.
        SecuritySettingsUpdated = "settings.security.updated",
        SignedIn = "member.signed_in",
        SignInFailed = "member.sign_in_failed",
        SignedOut = "member.signed_out",
        /// A person proved again who they are, in a session that goes on.
        Reauthenticated = "member.reauthenticated",
        /// A person ended other sessions of theirs.
        SessionRevoked = "member.session_revoked",
        /// A person changed their own password.
        PasswordChanged = "member.password_changed",
        /// The operator set a password, or made a link to set one.
        PasswordReset = "member.password_reset",
        /// A person set up an authenticator app.
        TwoFactorEnabled = "member.two_factor_enabled",
        /// A person removed their authenticator app.
        TwoFactorDisabled = "member.two_factor_disabled",
        /// An administrator or the operator removed the factors of a person, and got a code for their next sign-in.
        TwoFactorReset = "member.two_factor_reset",
        /// Wrong codes; `details` has their number.
        TwoFactorFailed = "member.two_factor_failed",
        BackupCodeUsed = "member.backup_code_used",
        /// A person got new backup codes, which replace the ones before.
        BackupCodesReplaced = "member.backup_codes_replaced",
        /// Somebody asked for a link that sets a new password, which was sent to the member by email.
        PasswordResetRequested = "member.password_reset_requested",
        PasskeyAdded = "member.passkey_added",
        PasskeyRemoved = "member.passkey_removed",
        /// A passkey signed with a counter that went back: a copy of it seems to exist.
        PasskeyRefused = "member.passkey_refused",
        MemberAdded = "member.added",
        /// A new invitation replaces the one before.
        MemberInvitedAgain = "member.invited_again",
        /// An invited person set a password.
        MemberJoined = "member.joined",
        /// A person changed their own name.
        MemberUpdated = "member.updated",
        /// A person chose which notices they get by email.
        NoticesUpdated = "member.notices_updated",
        MemberRoleChanged = "member.role_changed",
        MemberRemoved = "member.removed",
        WorkspaceCreated = "workspace.created",
        /// All sessions of the workspace were ended, and possibly all keys revoked; `details` has the numbers.
        EveryoneSignedOut = "workspace.everyone_signed_out",
        AircraftCreated = "aircraft.created",
        AircraftUpdated = "aircraft.updated",
        TripCreated = "trip.created",
        TripUpdated = "trip.updated",
        ReportCreated = "report.created",
        ReportUpdated = "report.updated",
        InvoiceCreated = "invoice.created",
        InvoiceUpdated = "invoice.updated",
        InvoiceSent = "invoice.sent",
        InvoicePaymentRecorded = "invoice.payment_recorded",
        InvoiceVoided = "invoice.voided",
        /// The due date of a sent invoice has passed in the zone of the workspace.
        InvoiceOverdue = "invoice.overdue",
        WebhookCreated = "webhook.created",
        /// URL, description, events, schedule or the switch of an endpoint changed.
        WebhookUpdated = "webhook.updated",
        WebhookDeleted = "webhook.deleted",
        WebhookSecretRotated = "webhook.secret_rotated",
        /// The server switched an endpoint off; `details` has the reason.
        WebhookDisabled = "webhook.disabled",
        /// An administrator dismissed a finding for 30 days; `details` has its code and the reason.
        FindingDismissed = "finding.dismissed",
        /// An administrator took the dismissal of a finding back.
        FindingRestored = "finding.restored",
        /// A person or a key switched an endpoint on that the server had switched off.
        WebhookEnabled = "webhook.enabled",
    }
}

kit::string_enum! {
    /// The outcome of an action.
    Outcome as Outcome {
        Success = "success",
        Denied = "denied",
    }
}

//! The reports that a caller can read: all of them, or those that they filed by name.

use planeconnection::members::Role;
use serde_json::json;
use testkit::REPORTS;

use super::report;
use crate::support::{Client, TestApp};

/// The ids of the reports in a caller's list.
async fn listed(client: &Client) -> Vec<String> {
    let mut ids = client.get(&format!("{REPORTS}?page_size=100")).await.is(200).items("id");
    ids.sort_unstable();
    ids
}

async fn file(client: &Client, confidentiality: &str) -> String {
    client.post(REPORTS, report("hazard", confidentiality)).await.is(201).text_at("/data/id")
}

#[tokio::test]
async fn pilots_and_dispatchers_read_only_the_reports_they_filed_by_name() {
    let t = TestApp::new().await;
    let (writer, manager) = (t.with(&t.key(&["safety:write"]).await), t.member(Role::SafetyManager).await);
    let mut all = vec![file(&writer, "standard").await, file(&manager, "standard").await];
    let mut own = Vec::new();
    for role in [Role::Pilot, Role::Pilot, Role::Dispatcher, Role::Dispatcher] {
        let client = t.member(role).await;
        let named = file(&client, "standard").await;
        all.extend([named.clone(), file(&client, "confidential").await, file(&client, "anonymous").await]);
        own.push((client, named));
    }
    all.sort_unstable();
    for (client, named) in &own {
        assert_eq!(listed(client).await, std::slice::from_ref(named));
        let answer = client.get(REPORTS).await.is(200);
        assert_eq!([answer.at("/data/total"), answer.at("/data/total_pages")], [&json!(1), &json!(1)]);
        for query in ["severity=hazardous", "status=submitted", "report_type=hazard", "date_from=2026-11-22"] {
            assert_eq!(
                client.get(&format!("{REPORTS}?{query}")).await.is(200).items("id"),
                std::slice::from_ref(named),
                "{query}"
            );
        }
        for id in &all {
            let found = client.get(&format!("{REPORTS}/{id}")).await;
            if id == named {
                found.is(200)
            } else {
                found.is(404).code("NOT_FOUND")
            };
            client.patch(&format!("{REPORTS}/{id}"), json!({ "title": "Mine" })).await.is(403).code("ROLE_REQUIRED");
        }
        let summary = client.get(&format!("{REPORTS}/summary")).await.is(200);
        assert_eq!(summary.at("/data/total"), 1);
        assert_eq!(summary.at("/data/byType/hazard"), 1);
        assert_eq!(summary.at("/data/byMonth"), &json!([{ "month": "2026-11", "count": 1 }]));
    }
    let reader = t.with(&t.key(&["safety:read"]).await);
    let auditor = t.member(Role::Auditor).await;
    for client in [&t.owner().await, &t.admin().await, &manager, &auditor, &reader, &writer] {
        assert_eq!(listed(client).await, all);
        assert_eq!(client.get(&format!("{REPORTS}/summary")).await.is(200).at("/data/total"), all.len());
        for id in &all {
            client.get(&format!("{REPORTS}/{id}")).await.is(200);
        }
    }
    // A proxy must not take a person who reads their own reports for one who reads the workspace's.
    for (client, _) in &own {
        client.get("/api/v1/auth/check?scope=safety:read").await.is(403);
        client.get("/api/v1/audit-log").await.is(403);
        client.get("/api/v1/audit-log/export?format=csv").await.is(403);
    }
}

#[tokio::test]
async fn reporter_keeps_a_report_made_confidential_and_a_new_role_applies_at_once() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Pilot).await;
    let (pilot, manager) = (t.signed_in(member.clone()).await, t.member(Role::SafetyManager).await);
    let id = file(&pilot, "standard").await;
    let path = format!("{REPORTS}/{id}");
    manager.patch(&path, json!({ "confidentiality": "confidential" })).await.is(200);
    let read = pilot.get(&path).await.is(200);
    assert_eq!(read.at("/data/reporter"), &json!(null), "the name is not shown to anyone");
    assert_eq!(listed(&pilot).await, std::slice::from_ref(&id));

    let other = manager.post(REPORTS, report("hazard", "standard")).await.is(201).text_at("/data/id");
    let members = format!("/api/v1/members/{}", member.id);
    t.owner().await.patch(&members, json!({ "role": "auditor" })).await.is(200);
    let auditor = t.signed_in(planeconnection::members::Member { role: Role::Auditor, ..member }).await;
    let mut both = vec![id, other];
    both.sort_unstable();
    assert_eq!(listed(&auditor).await, both, "the role of the moment decides");
}

#[tokio::test]
async fn members_of_another_workspace_read_none_of_these_reports() {
    let t = TestApp::new().await;
    let id = file(&t.member(Role::Pilot).await, "standard").await;
    let (_, outsider) = t.other_workspace().await;
    outsider.get(&format!("{REPORTS}/{id}")).await.is(404);
    assert!(listed(&outsider).await.is_empty());
}

//! Settings > Members: invitations, role changes and removals.

use planeconnection::members::{Member, Role};
use serde_json::json;

use crate::browser::Person;
use crate::support::{Response, TestApp};

const LIST: &str = "/settings/members";
const NEW: &str = "/settings/members/new";

pub async fn invite(person: &Person, name: &str, email: &str, role: &str) -> Response {
    person.submit(NEW, NEW, &[("name", name), ("email", email), ("role", role)]).await
}

/// The fragment of the invitation link on a page.
#[track_caller]
pub fn code(page: &Response) -> String {
    let (_, rest) = page.text.split_once("/join#").unwrap_or_else(|| panic!("no link: {}", page.text));
    rest.split('<').next().unwrap_or_default().to_owned()
}

fn at(member: &Member) -> String {
    format!("{LIST}/{}", member.id)
}

/// The id of the member with this name, from the list.
async fn id_of(person: &Person, name: &str) -> String {
    let path = person.get(LIST).await.is(200).page().link(name);
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn list_shows_members_with_role_names() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    t.add_member(Role::SafetyManager).await;
    invite(&ana, "Dee Patch", "dee@skyline.example", "pilot").await.is(201);
    let list = ana.get(LIST).await.is(200);
    let list = list.says("Ana Keller").says("Account owner").says("Test safety_manager").says("Safety manager");
    let list = list.says("dee@skyline.example").says("Invited, not joined yet");
    assert_eq!(list.page().root().first(".menu [aria-current]").text(), "Members");
    // The only account owner cannot be changed, so nothing of the kind is offered.
    assert!(!list.text.contains(&format!("{}/remove", t.owner.id)), "{}", list.text);
}

#[tokio::test]
async fn long_list_has_pages() {
    let t = TestApp::new().await;
    for _ in 0..50 {
        t.add_member(Role::Pilot).await;
    }
    let ana = t.person(Role::AccountOwner).await;
    ana.get(LIST).await.is(200).says("1–50 of 51 members").says("href=\"?page=2\"");
    ana.get("/settings/members?page=2").await.is(200).says("51–51 of 51 members").says("href=\"?page=1\"");
}

#[tokio::test]
async fn only_administrators_see_members() {
    let t = TestApp::new().await;
    for role in [Role::SafetyManager, Role::Dispatcher, Role::Pilot, Role::Auditor] {
        let person = t.person(role).await;
        for path in [LIST, NEW, &at(&t.owner), &format!("{}/remove", at(&t.owner))] {
            person.get(path).await.is(403).says("Whom to ask").says("ana@skyline.example");
        }
    }
    t.person(Role::Admin).await.get(LIST).await.is(200);
}

#[tokio::test]
async fn invitation_link_is_shown_once() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let shown = invite(&ana, " Dee Patch ", "Dee@Skyline.example", "dispatcher").await.is(201);
    assert_eq!(shown.header("cache-control"), "no-store");
    let code = code(&shown);
    assert!(code.starts_with("pci_") && code.len() == 47, "{code}");
    let shown = shown.says("for 7 days").says("dee@skyline.example").says("Dispatcher").says("data-copy=\"secret\"");
    let id = id_of(&ana, "Dee Patch").await;
    let shown = shown.says(&format!("data-secret=\"/settings/members?invited={id}\""));
    drop(shown);
    for page in [LIST.to_owned(), format!("{LIST}?invited={id}"), format!("{LIST}/{id}")] {
        ana.get(&page).await.is(200).does_not_say(&code);
    }
    ana.get(&format!("{LIST}?invited={id}")).await.says("Dee Patch has been invited");
    t.audit_ends_with(&["workspace.created"]).await;
}

#[tokio::test]
async fn resubmitted_form_invites_once_and_keeps_the_link() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let hidden = ana.get(NEW).await.hidden(NEW);
    let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("name", "Dee Patch"), ("email", "dee@skyline.example"), ("role", "pilot")]);
    let first = ana.post(NEW, &fields).await.is(201);
    let id = id_of(&ana, "Dee Patch").await;
    ana.post(NEW, &fields).await.redirects_to(&format!("{LIST}?invited={id}"));
    let dee = t.anonymous_person();
    let joined = dee.submit("/join", "/join", &[("code", &code(&first)), ("password", "a password of hers")]).await;
    joined.redirects_to("/");
    ana.post(NEW, &fields).await.redirects_to(&format!("{LIST}?invited={id}"));
    ana.get(&format!("{LIST}?invited={id}")).await.is(200).does_not_say("has been invited");
}

#[tokio::test]
async fn invalid_form_keeps_its_input() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let empty = ana.submit(NEW, NEW, &[]).await.is(400).says("3 fields need to be corrected");
    empty.says("Enter the person&#39;s name.").says("Choose a role.").says("href=\"#role\"").says("id=\"role\"");
    let wrong = invite(&ana, "<b>Dee</b>", "dee at home", "pilot").await.is(400);
    let wrong = wrong.keeps("name", "<b>Dee</b>").does_not_say("<b>Dee").keeps("email", "dee at home");
    wrong.keeps("role", "pilot");
    let taken = invite(&ana, "Another Ana", "ANA@skyline.example", "pilot").await.is(409);
    taken.says("already has a member with the email ana@skyline.example").reports("email");
    let key = t.key(&["trips:read"]).await;
    invite(&ana, &key.secret, "dee@skyline.example", "pilot").await.is(400).says("Must not contain an API key or token");
}

#[tokio::test]
async fn names_are_escaped_on_every_page() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let shown = invite(&ana, "<script>x</script>", "x@skyline.example", "pilot").await.is(201);
    shown.does_not_say("<script>x").says("&#60;script&#62;x");
    let id = id_of(&ana, "<script>x</script>").await;
    for path in [LIST.to_owned(), format!("{LIST}/{id}"), format!("{LIST}/{id}/remove"), format!("{LIST}?invited={id}")] {
        ana.get(&path).await.is(200).does_not_say("<script>x").says("&#60;script&#62;x");
    }
    ana.submit(&format!("{LIST}/{id}/remove"), &format!("{LIST}/{id}/remove"), &[]).await.is(303);
    ana.get(&format!("{LIST}?removed={id}")).await.does_not_say("<script>x").says("was removed");
}

#[tokio::test]
async fn role_change_is_shown_in_the_list() {
    let t = TestApp::new().await;
    let (ana, pilot) = (t.person(Role::AccountOwner).await, t.add_member(Role::Pilot).await);
    let page = ana.get(&at(&pilot)).await.is(200).keeps("role", "pilot");
    page.says("Sees trips and fleet; files safety reports and sees their own.");
    let changed = ana.submit(&at(&pilot), &at(&pilot), &[("role", "dispatcher")]).await;
    changed.redirects_to(&format!("{LIST}?changed={}", pilot.id));
    ana.get(&format!("{LIST}?changed={}", pilot.id)).await.is(200).says("Test pilot now has the role Dispatcher.");
    ana.submit(&at(&pilot), &at(&pilot), &[]).await.is(400).says("Choose a role.");
    ana.submit(&at(&pilot), &at(&pilot), &[("role", "king")]).await.is(400);
    t.audit_ends_with(&["member.role_changed"]).await;
}

#[tokio::test]
async fn only_account_owners_manage_account_owners() {
    let t = TestApp::new().await;
    let (admin, pilot) = (t.person(Role::Admin).await, t.add_member(Role::Pilot).await);
    admin.get(NEW).await.is(200).does_not_say("role-account_owner").says("role-admin");
    t.person(Role::AccountOwner).await.get(NEW).await.is(200).says("role-account_owner");
    let refused = invite(&admin, "Boss", "boss@skyline.example", "account_owner").await.is(403);
    refused.says("only an account owner".split_at(5).1).keeps("email", "boss@skyline.example");
    admin.submit(&at(&pilot), &at(&pilot), &[("role", "account_owner")]).await.is(403).says("Only an account owner");
    let owner = admin.get(&at(&t.owner)).await.is(200).says("Only an account owner");
    assert!(!owner.text.contains(&format!("action=\"{}\"", at(&t.owner))), "{}", owner.text);
    let token = ("csrf", admin.get(&at(&pilot)).await.hidden(&at(&pilot)).remove(0).1);
    let token = (token.0, token.1.as_str());
    admin.post(&at(&t.owner), &[token, ("role", "pilot")]).await.is(403).says("Only an account owner");
    let remove = format!("{}/remove", at(&t.owner));
    admin.get(&remove).await.is(200).says("Only an account owner").does_not_say(">Remove member<");
    admin.post(&remove, &[token]).await.is(403).says("Only an account owner");
}

#[tokio::test]
async fn last_account_owner_cannot_be_removed_and_sees_why() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let why = "The last account owner cannot be removed or demoted";
    ana.get(&at(&t.owner)).await.is(200).says(why).does_not_say("name=\"role\"");
    let token = ana.get("/account").await.hidden("/sign-out").remove(0);
    let token = (token.0.as_str(), token.1.as_str());
    let refused = ana.post(&at(&t.owner), &[token, ("role", "pilot")]).await.is(409).says(why);
    refused.keeps("role", "pilot");
    let remove = format!("{}/remove", at(&t.owner));
    ana.get(&remove).await.is(200).says(why);
    ana.post(&remove, &[token]).await.is(409).says(why);
}

#[tokio::test]
async fn invited_account_owner_can_be_removed() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    for name in ["Boss", "Other Boss"] {
        invite(&ana, name, &format!("{}@skyline.example", name.replace(' ', ".")), "account_owner").await.is(201);
    }
    let (boss, other) = (id_of(&ana, "Boss").await, id_of(&ana, "Other Boss").await);
    let remove = format!("{LIST}/{boss}/remove");
    ana.submit(&remove, &remove, &[]).await.redirects_to(&format!("{LIST}?removed={boss}"));
    let page = format!("{LIST}/{other}");
    ana.submit(&page, &page, &[("role", "admin")]).await.redirects_to(&format!("{LIST}?changed={other}"));
    ana.get(&at(&t.owner)).await.says("The last account owner");
}

#[tokio::test]
async fn removal_asks_first_and_ends_sessions() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let member = t.add_member(Role::Admin).await;
    let (client, token) = (t.signed_in(member.clone()).await, t.token_of(member.clone()).await);
    let theirs = t.anonymous_person();
    theirs.plant("planeconnection_session", &token);
    let key = json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null });
    let secret = client.post("/api/v1/api-keys", key).await.is(201).text_at("/data/secret");
    let remove = format!("{}/remove", at(&member));
    ana.get(&remove).await.is(200).says("signed out immediately").says("API keys keep working").says(&member.email);
    theirs.get(LIST).await.is(200);
    ana.submit(&remove, &remove, &[]).await.redirects_to(&format!("{LIST}?removed={}", member.id));
    ana.get(&format!("{LIST}?removed={}", member.id)).await.is(200).says("Test admin was removed");
    theirs.get(LIST).await.redirects_to("/sign-in?next=%2Fsettings%2Fmembers");
    t.anonymous().header("x-api-key", &secret).get("/api/v1/auth/whoami").await.is(200);
    ana.get(&at(&member)).await.is(404);
    ana.get(&format!("{LIST}?removed={}", t.owner.id)).await.is(200).does_not_say("was removed");
    ana.get(&format!("{LIST}?removed=user_nobody")).await.is(200).does_not_say("was removed");
}

#[tokio::test]
async fn self_removal_is_confirmed_at_sign_in() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Admin).await;
    let person = t.anonymous_person();
    person.plant("planeconnection_session", &t.token_of(member.clone()).await);
    let remove = format!("{}/remove", at(&member));
    person.get(&remove).await.is(200).says("Remove yourself?");
    person.submit(&remove, &remove, &[]).await.redirects_to("/sign-in?after=removal");
    assert_eq!(person.cookie("planeconnection_session"), None);
    person.get("/sign-in?after=removal").await.is(200).says("You are no longer a member of that workspace");
}

#[tokio::test]
async fn self_demotion_leads_to_the_account_page() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Admin).await;
    let person = t.anonymous_person();
    person.plant("planeconnection_session", &t.token_of(member.clone()).await);
    person.get(&at(&member)).await.is(200).says("This is your own role");
    let changed = person.submit(&at(&member), &at(&member), &[("role", "auditor")]).await;
    changed.redirects_to("/account?after=role");
    person.get("/account?after=role").await.is(200).says("Your role was changed to Auditor");
    person.get(LIST).await.is(403).says("with the role Auditor");
}

#[tokio::test]
async fn renewed_link_ends_the_old_one() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let old = code(&invite(&ana, "Dee Patch", "dee@skyline.example", "pilot").await.is(201));
    let page = format!("{LIST}/{}", id_of(&ana, "Dee Patch").await);
    let action = format!("{page}/invitation");
    let hidden = ana.get(&page).await.is(200).hidden(&action);
    let fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let new = code(&ana.post(&action, &fields).await.is(201));
    assert_ne!(old, new);
    // Sent once more, the form ends nothing.
    ana.post(&action, &fields).await.is(303);
    let dee = t.anonymous_person();
    dee.submit("/join", "/join", &[("code", &old), ("password", "a password of hers")]).await.is(410);
    dee.submit("/join", "/join", &[("code", &new), ("password", "a password of hers")]).await.redirects_to("/");
    ana.get(&page).await.is(200).does_not_say("New invitation link");
    let again: Vec<(&str, &str)> = fields.iter().copied().filter(|(name, _)| *name == "csrf").collect();
    ana.post(&action, &again).await.is(409).says("This member has already joined");
    t.audit_ends_with(&["workspace.created", "member.invited_again", "member.joined"]).await;
}

#[tokio::test]
async fn member_of_another_workspace_is_not_found() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let (other, owner) = t.other_workspace().await;
    let outsider = owner.get("/api/v1/members").await.is(200).at("/data/items/0/id").as_str().expect("an id").to_owned();
    assert_ne!(other.id, t.workspace.id);
    for path in [format!("{LIST}/{outsider}"), format!("{LIST}/{outsider}/remove")] {
        ana.get(&path).await.is(404);
    }
    let token = ana.get("/account").await.hidden("/sign-out").remove(0);
    let token = (token.0.as_str(), token.1.as_str());
    ana.post(&format!("{LIST}/{outsider}"), &[token, ("role", "pilot")]).await.is(404);
    ana.post(&format!("{LIST}/{outsider}/invitation"), &[token]).await.is(404);
    ana.post(&format!("{LIST}/{outsider}/remove"), &[token]).await.redirects_to(&format!("{LIST}?removed={outsider}"));
    ana.get(&format!("{LIST}?removed={outsider}")).await.does_not_say("was removed");
    owner.get("/api/v1/auth/whoami").await.is(200);
}

#[tokio::test]
async fn removal_lists_the_keys_in_custody_and_hands_them_over() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let (dee, eli) = (t.add_member(Role::Admin).await, t.add_member(Role::Pilot).await);
    let theirs = t.signed_in(dee.clone()).await;
    let remove = format!("{}/remove", at(&dee));
    ana.get(&remove).await.is(200).does_not_say("New custodian");
    for number in 10..31 {
        let key = json!({ "name": format!("Key {number}"), "permissions": "read_only", "expiresAt": null });
        theirs.post("/api/v1/api-keys", key).await.is(201);
    }
    let asked = ana.get(&remove).await.is(200).says("21 keys in their custody").says("and 1 more").says(">Key 29<");
    let asked = asked.says(&format!("<option value=\"{}\" selected>", t.owner.id)).does_not_say(&format!("value=\"{}\"", dee.id));
    assert!(asked.text.contains(&format!("<option value=\"{}\">", eli.id)), "{}", asked.text);
    for unfit in ["user_01h455vb4pex5vsknk084sn02q", "eli"] {
        let again = ana.submit(&remove, &remove, &[("custodian", unfit)]).await.is(400);
        again.says("Choose another member who has joined").says("21 keys in their custody");
    }
    ana.submit(&remove, &remove, &[("custodian", &eli.id.to_string())]).await.is(303);
    let key = ana.get("/settings/api-keys").await.is(200).says("custodian: Test pilot").does_not_say("no custodian");
    drop(key);
    assert_eq!(t.audit().await.iter().filter(|event| event["action"] == "api_key.custody_transferred").count(), 1);
}

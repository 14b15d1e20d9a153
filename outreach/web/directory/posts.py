"""Posts: the list, a post with its holders, entering and correcting them, and handing a post over."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from outreach import clock
from outreach.domain.kinds import HolderKind, ListName
from outreach.domain.states import ActivityState
from outreach.models import Post, PostHolder
from outreach.queries import exports
from outreach.queries import posts as post_pages
from outreach.queries.directory import lists as directory
from outreach.queries.invitations import choices
from outreach.services import posts
from outreach.services.directory import people
from outreach.services.invitations.post_holders import Followed
from outreach.services.posts import HolderMissing, HoldersPreview, HolderValues, PostInUse, PostMissing, PostValues
from outreach.web.directory.people.forms import kelurahan_options
from outreach.web.exports import columns, file
from outreach.web.fields.base import ConfirmForm, TidyForm
from outreach.web.fields.fields import ChoiceField, DayField, Ids, optional_int, optional_text
from outreach.web.fields.problems import flashing_problems, missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, say, search_words
from outreach.web.invitations.forms import OptionsField, text, words

MOST_SAID = 5  # invitations that stay behind, named in the message after a change

bp = Blueprint("posts", __name__, url_prefix="/people/posts")
missing_page(bp, PostMissing, HolderMissing)


class PostForm(TidyForm):
    name = text(_l("Post"), 160, description=_l("As it stands on letters, such as Kapolres Metro."))
    organisation_id = ChoiceField(_l("Organisation"), coerce=optional_int)
    region_code = ChoiceField(
        _l("Kelurahan"),
        coerce=optional_text,
        choices=kelurahan_options,
        description=_l("For a lurah or the head of a school; otherwise none."),
    )
    note = text(_l("Note"), 300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation_id.choices = [("", _("none")), *directory.organisation_choices()]

    @property
    def values(self) -> PostValues:
        return PostValues(self.name.data or "", self.organisation_id.data, self.region_code.data, self.note.data or "")


class HolderForm(TidyForm):
    """Who holds a post. The person is chosen among those whom the search finds."""

    q = text(_l("Search"), 100)
    person_ids = Ids()
    kind = OptionsField(_l("Holds the post as"), default=HolderKind.DEFINITIVE.value)
    from_on = DayField(_l("From"), description=_l("The first day on which they hold the post."))
    until_on = DayField(_l("Until"), description=_l("The last day. Leave it empty while no end is known."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = words(reversed(HolderKind))

    @property
    def person_id(self) -> int | None:
        return next(iter(self.person_ids.data or ()), None)

    @property
    def values(self) -> HolderValues:
        return HolderValues(self.person_id, HolderKind(self.kind.data), self.from_on.data, self.until_on.data)


class HandOverForm(TidyForm):
    """Who holds a post from a day on, in place of the present holder."""

    q = text(_l("Search"), 100)
    person_ids = Ids()
    from_on = DayField(
        _l("From"), description=_l("The first day of the new holder. Until the day before, the present one holds it.")
    )

    @property
    def person_id(self) -> int | None:
        return next(iter(self.person_ids.data or ()), None)


@bp.get("")
@staff_required
def index() -> Any:
    q = search_words()
    if file.asked():
        return file.send(ListName.POSTS, columns.posts(), exports.posts(q))
    return render_template("directory/posts/index.html", page=post_pages.posts(q, page_number(), now=clock.now()))


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    form = PostForm()
    if request.method == "GET":
        form.organisation_id.data = request.args.get("organisation", type=int)
        return render_template("directory/posts/form.html", form=form, post=None)
    if form.validate():
        with showing_problems(form):
            post = posts.add(form.values, by=current_user, now=clock.now())
            flash(_("“%(name)s” is in the list now. Please enter who holds it.", name=post.name), "success")
            return redirect(url_for(".new_holder", post_id=post.id))
    return render_template("directory/posts/form.html", form=form, post=None), 422


@bp.get("/<int:post_id>")
@staff_required
def show(post_id: int) -> Any:
    return render_template("directory/posts/show.html", found=post_pages.page_of(post_id, now=clock.now()))


@bp.route("/<int:post_id>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(post_id: int) -> Any:
    post = post_pages.one(post_id)
    if request.method == "GET":
        form = PostForm(data=vars(posts.values_of(post)))
        return render_template("directory/posts/form.html", form=form, post=post)
    form = PostForm()
    if form.validate():
        with showing_problems(form, but=PostMissing):
            posts.edit(post_id, form.values, by=current_user, now=clock.now())
            flash(_("Saved."), "success")
            return redirect(url_for(".show", post_id=post_id))
    return render_template("directory/posts/form.html", form=form, post=post_pages.one(post_id)), 422


@bp.route("/<int:post_id>/delete", methods=["GET", "POST"])
@coordinator_required
def delete(post_id: int) -> Any:
    """GET asks; POST deletes the post, not its people."""
    post, form = post_pages.one(post_id), ConfirmForm()
    if form.validate_on_submit():
        try:
            name = posts.delete(post_id, by=current_user, now=clock.now())
        except PostInUse as problem:
            flash(say(problem), "warning")
            return redirect(url_for(".show", post_id=post_id))
        flash(_("“%(name)s” is deleted. The people stay in the list.", name=name), "success")
        return redirect(url_for(".index"))
    return render_template("directory/posts/delete.html", form=form, post=post)


@bp.route("/<int:post_id>/holders/new", methods=["GET", "POST"])
@coordinator_required
def new_holder(post_id: int) -> Any:
    """Enter who holds the post. Searching changes nothing; the chosen person and the days are kept."""
    post, form = post_pages.one(post_id), HolderForm()
    if request.method == "GET" or request.form.get("do") == "search":
        return _holder_page(form, post)
    if form.validate():
        with showing_problems(form, but=PostMissing, names={}):
            if looks():
                return _holder_page(form, post, seen=posts.preview_adding(post_id, form.values, now=clock.now()))
            return _told(posts.add_holder(post_id, form.values, by=current_user, now=clock.now()), post_id)
    return _holder_page(form, post_pages.one(post_id)), 422


@bp.route("/<int:post_id>/holders/<int:holder_id>", methods=["GET", "POST"])
@coordinator_required
def edit_holder(post_id: int, holder_id: int) -> Any:
    """Correct an entry, or end it."""
    holder, form = post_pages.holder(post_id, holder_id), HolderForm()
    if request.method == "GET":
        form.person_ids.data = [holder.person_id]
        form.kind.data, form.from_on.data, form.until_on.data = holder.kind.value, holder.from_on, holder.until_on
    if request.method == "GET" or request.form.get("do") == "search":
        return _holder_page(form, holder.post, holder)
    if form.validate():
        with showing_problems(form, but=(PostMissing, HolderMissing), names={}):
            if looks():
                seen = posts.preview_editing(post_id, holder_id, form.values, now=clock.now())
                return _holder_page(form, holder.post, holder, seen)
            return _told(posts.edit_holder(holder_id, form.values, by=current_user, now=clock.now()), post_id)
    holder = post_pages.holder(post_id, holder_id)
    return _holder_page(form, holder.post, holder), 422


@bp.post("/<int:post_id>/holders/<int:holder_id>/remove")
@coordinator_required
def remove_holder(post_id: int, holder_id: int) -> Any:
    """Show what removing the entry does; with "save", remove it."""
    holder = post_pages.holder(post_id, holder_id)
    if request.form.get("do") != "save":
        seen = posts.preview_removing(post_id, holder_id, now=clock.now())
        return render_template(
            "directory/posts/remove.html", form=ConfirmForm(), post=holder.post, holder=holder, seen=seen, say=say
        )
    return _told(posts.remove_holder(holder_id, by=current_user, now=clock.now()), post_id)


@bp.route("/<int:post_id>/hand-over", methods=["GET", "POST"])
@coordinator_required
def hand_over(post_id: int) -> Any:
    """From a day on somebody else holds the post; until the day before, it is the present holder."""
    post, form = post_pages.one(post_id), HandOverForm()
    if request.method == "GET" or request.form.get("do") == "search":
        return _holder_page(form, post)
    if form.validate():
        with showing_problems(form, but=PostMissing, names={}):
            if looks():
                seen = posts.preview_handing_over(post_id, form.person_id, form.from_on.data, now=clock.now())
                return _holder_page(form, post, seen=seen)
            followed = posts.hand_over(post_id, form.person_id, form.from_on.data, by=current_user, now=clock.now())
            return _told(followed, post_id)
    return _holder_page(form, post_pages.one(post_id)), 422


@bp.post("/<int:post_id>/follow")
@coordinator_required
def follow(post_id: int) -> Any:
    """Try again to let the invitations that stayed behind follow the post."""
    with flashing_problems(but=PostMissing):
        return _told(posts.follow(post_id, by=current_user, now=clock.now()), post_id)
    return redirect(url_for(".show", post_id=post_id))


def _told(followed: Followed, post_id: int) -> Response:
    """Say what became of the post's invitations, and show the post."""
    flash(_("Saved."), "success")
    if followed.moved:
        count = len(followed.moved)
        said = ngettext(
            "%(num)d invitation goes to the new holder now.", "%(num)d invitations go to the new holder now.", count
        )
        if any(invitation.activity.state is not ActivityState.DRAFT for invitation in followed.moved):
            said += " " + _("Who is invited now gets a mail, and who held the post, too, unless they had declined.")
        flash(said, "info")
    if followed.to_call:
        names = "; ".join(person.display_name for person in followed.to_call)
        flash(_("No mail reaches %(names)s. Please call them.", names=names), "warning")
    for one in followed.staying[:MOST_SAID]:
        title = one.invitation.activity.title
        flash(_("The invitation to “%(title)s” stays where it is.", title=title) + " " + say(one.because), "warning")
    return redirect(url_for(".show", post_id=post_id))


def looks() -> bool:
    """Return whether the button was pressed that shows who gets which mail, before anything is saved."""
    return request.form.get("do") == "look"


def _holder_page(
    form: HolderForm | HandOverForm, post: Post, holder: PostHolder | None = None, seen: HoldersPreview | None = None
) -> str:
    """Return the form, or what it would do (`seen`)."""
    ticked = (form.person_ids.data or [])[:1]
    return render_template(
        "directory/posts/holder.html", form=form, post=post, holder=holder, chosen=people.people(ticked), seen=seen, say=say,
        found=choices.find_people(form.q.data or "", ticked), held=post_pages.held(post, post_pages.today(now=clock.now())),
    )  # fmt: skip

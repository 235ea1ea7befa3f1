using System.Text;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Routing;

/// <summary>The table of transitions, and the page that is made of it.</summary>
public sealed class VirqStatesTests
{
    // What is between these is drawn by tests/Wirq.Lab.Tests/Exploring/VirqStatesPageTests.cs.
    private const string Page = "docs/virq-states.md", Begin = "<!-- drawn from the states that scenarios/worlds/virq-update.yaml reaches -->\n", End = "<!-- end of the drawing -->\n";

    [Fact]
    public void The_documentation_shows_the_table_as_it_is()
    {
        string page = Write();
        if (Environment.GetEnvironmentVariable("WIRQ_WRITE_DOCS") == "1")
            File.WriteAllText(Repository.PathOf(Page), page);
        Assert.True(page == File.ReadAllText(Repository.PathOf(Page)),
            $"{Page} is out of date: run the tests with WIRQ_WRITE_DOCS=1");
    }

    [Fact]
    public void No_row_is_there_twice()
    {
        var seen = new HashSet<(VirqState, VirqInput, VirqCondition)>();
        foreach (VirqTransition row in VirqTransitions.Rows)
            Assert.True(seen.Add((row.From, row.Input, row.When)), $"{row} stands twice");
        // A row for any condition leaves no room for one on a condition.
        foreach (VirqTransition row in VirqTransitions.Rows.Where(row => row.When != VirqCondition.Always))
            Assert.DoesNotContain((row.From, row.Input, VirqCondition.Always), seen);
    }

    [Fact]
    public void What_the_table_does_not_name_changes_nothing()
    {
        Assert.Equal(VirqState.Masked, VirqTransitions.Next(VirqState.Masked, VirqInput.Mask));
        Assert.Equal(VirqState.Cold, VirqTransitions.Next(VirqState.Cold, VirqInput.Reclaim));
    }

    [Fact]
    public void Every_state_is_reached_from_cold_and_leads_back_to_it_or_to_a_bound_eventfd()
    {
        var reached = new HashSet<VirqState> { VirqState.Cold };
        while (VirqTransitions.Rows.Any(row => reached.Contains(row.From) && reached.Add(row.To)))
        {
        }
        Assert.Equal(Enum.GetValues<VirqState>().Where(state => state != VirqState.Free), reached.Order());
    }

    [Fact]
    public void Nothing_that_is_masked_is_read_by_anybody()
    {
        foreach (VirqTransition row in VirqTransitions.Rows.Where(row => row.Input == VirqInput.Mask))
            Assert.Equal(VirqReader.Nobody, VirqTransitions.ReaderIn(row.To));
    }

    private static string Write()
    {
        var page = new StringBuilder();
        page.Append("""
            # The states of a virq

            Which eventfd is connected where: the state of a virq says who reads its eventfd, and nothing else does. This page
            is written from the table in `src/Wirq/Routing/VirqTransitions.cs` and from what a search reaches, and tests keep it so.

            | State | Who reads the eventfd |
            |---|---|

            """);
        foreach (VirqState state in Enum.GetValues<VirqState>())
            page.Append($"| {state} | {VirqTransitions.ReaderIn(state).ToString().ToLowerInvariant()} |\n");
        page.Append("""

            A change of reader does, in this order: the kernel lets go (unbind), userspace begins or ceases to poll, the table
            is committed if it changed, the kernel takes over (bind). After that nobody else reads. Where a kernel consumes
            before userspace sees an event, userspace stays in the poll.

            ## What is reached

            The picture is no plan: it is what [`wirq explore`](explorer.md) reaches in the world `scenarios/worlds/virq-update.yaml`,
            where first trigger, mask, unmask, invalidation and live update race. Each state is who reads the eventfd at that
            moment, and the virq's state. They differ while a change of reader is on its way, and while the machine is suspended.
            `pending` is an interrupt that nobody reads. Every state of the world lies behind one state of the picture, and a line is
            there exactly if some state allows it. What such a picture says may happen, does; what it lacks cannot, in this world.

            ```
            wirq explore scenarios/worlds/virq-update.yaml --diagram virq.svg
            ```


            """);
        page.Append(Begin).Append(Drawn()).Append(End);
        page.Append("""

            ## The table

            Disposing leads from every state to `Free`. What the table does not name changes nothing.

            | From | Input | When | To | Reader before and after | Besides |
            |---|---|---|---|---|---|

            """);
        foreach (VirqTransition row in VirqTransitions.Rows)
        {
            string before = Reader(row.From), after = Reader(row.To);
            page.Append($"| {row.From} | {Words(row.Input.ToString())} | {(row.When == VirqCondition.Always ? "" : Words(row.When.ToString()))} "
                + $"| {row.To} | {(before == after ? before : $"{before}, then {after}")} | {row.Does} |\n");
        }
        return page.ToString();
    }

    /// <summary>What the page has between the marks now.</summary>
    private static string Drawn()
    {
        string page = File.ReadAllText(Repository.PathOf(Page));
        int begin = page.IndexOf(Begin, StringComparison.Ordinal), end = page.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin ? page[(begin + Begin.Length)..end] : "";
    }

    private static string Reader(VirqState state) => VirqTransitions.ReaderIn(state).ToString().ToLowerInvariant();

    private static string Words(string name)
    {
        var words = new StringBuilder();
        foreach (char c in name)
            words.Append(char.IsUpper(c) && words.Length > 0 ? $" {char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString());
        return words.ToString();
    }
}

using Wirq.Laws;

namespace Wirq.Tests.Laws;

public class LawHistoryTests
{
    private static readonly Dictionary<string, History[]> ByLaw = new()
    {
        ["NoLostEdge"] = [.. NoLostEdgeHistories.All, .. VirqHistories.NoLostEdge],
        ["LevelRedelivered"] = LevelRedeliveredHistories.All,
        ["FreshRoute"] = FreshRouteHistories.All,
        ["RemoteIrrMatches"] = [.. RemoteIrrHistories.Legal, .. RemoteIrrHistories.Controls],
        ["MaskedIsSilent"] = [.. MaskedIsSilentHistories.All, .. VirqHistories.MaskedIsSilent],
        ["SharersIndependent"] = SharersIndependentHistories.All,
        ["AckReachesAllSharers"] = AckReachesAllSharersHistories.All,
        ["NoPhantom"] = NoPhantomHistories.All,
        ["FaultAtDelivery"] = VirqHistories.FaultAtDelivery,
        ["InvalidateIsExact"] = VirqHistories.InvalidateIsExact,
        ["HotStaysInKernel"] = VirqHistories.HotStaysInKernel,
        ["NothingLostAcrossUpdate"] = NothingLostAcrossUpdateHistories.All,
        ["UpcallMatchesLine"] = UpcallMatchesLineHistories.All,
        ["PermittedBeforeMapped"] = PermittedBeforeMappedHistories.All,
        ["OneshotHeld"] = OneshotHeldHistories.All,
    };

    public static TheoryData<string, string> Legal => Rows(history => history.Breaks is null);
    public static TheoryData<string, string> Controls => Rows(history => history.Breaks is not null);

    [Theory, MemberData(nameof(Legal))]
    public void A_legal_history_breaks_no_law(string law, string name) =>
        Assert.Equal($"{law} holds", Find(law, name).Judge(law).Describe());

    [Theory, MemberData(nameof(Controls))]
    public void A_control_breaks_its_law_and_says_how(string law, string name)
    {
        History history = Find(law, name);
        Law judged = history.Judge(law);
        Assert.NotNull(judged.Break);
        Assert.Equal(history.Breaks, judged.Describe());
    }

    [Fact]
    public void Every_law_has_at_least_three_controls_and_three_legal_histories()
    {
        Assert.Equal(LawSet.Names.Order(), ByLaw.Keys.Order());
        Assert.All(ByLaw.Values, histories =>
        {
            Assert.True(histories.Count(history => history.Breaks is null) >= 3);
            Assert.True(histories.Count(history => history.Breaks is not null) >= 3);
            Assert.Distinct(histories.Select(history => history.Name));
        });
    }

    private static History Find(string law, string name) => ByLaw[law].Single(history => history.Name == name);

    private static TheoryData<string, string> Rows(Func<History, bool> wanted)
    {
        var rows = new TheoryData<string, string>();
        foreach ((string law, History[] histories) in ByLaw)
        {
            foreach (History history in histories.Where(wanted))
                rows.Add(law, history.Name);
        }
        return rows;
    }
}

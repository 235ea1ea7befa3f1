using System.Reflection;
using System.Text.RegularExpressions;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Kernels;

namespace Wirq.Lab.Tests.Kernels;

public partial class KernelPageTests
{
    [Fact]
    public void The_page_names_every_semantic_once_and_no_other()
    {
        string page = File.ReadAllText(Repository.PathOf("docs/kernels.md"));
        IEnumerable<string> named = RowPattern().Matches(page).Select(match => match.Groups["test"].Value);
        IEnumerable<string> tests = typeof(KernelSemantics).GetMethods()
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null).Select(method => method.Name);
        Assert.Equal(tests.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^\| .+ \| `(?<test>\w+)` \|$", RegexOptions.Multiline)]
    private static partial Regex RowPattern();
}

using Wirq.Cli.Outputs;
using Wirq.Lab.Exploring;
using Wirq.Lab.Exploring.Diagrams;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Cli.Explore;

/// <summary><c>explore --diagram FILE</c>: the states of a subject that the search reached, as Mermaid or SVG.</summary>
internal sealed class ExploreDiagram : IDisposable
{
    private static readonly Dictionary<string, Func<Diagram, string>> s_forms = new(StringComparer.OrdinalIgnoreCase)
    {
        [".mmd"] = MermaidText.Of,
        [".md"] = MermaidText.PageOf,
        [".svg"] = SvgText.Of,
    };

    private readonly OutputFile _file;
    private readonly Func<Diagram, string> _form;
    private readonly DiagramRecorder _recorder;

    private ExploreDiagram(OutputFile file, Func<Diagram, string> form, DiagramRecorder recorder) => (_file, _form, _recorder) = (file, form, recorder);

    /// <summary>The search that notes the states. Where it ends early, what several workers have seen by then is not the same each
    /// time.</summary>
    internal ExploreOptions Search(ExploreOptions search) => search with { Diagram = _recorder, Workers = 1 };

    /// <summary>Starts the output.</summary>
    /// <param name="settings">What the command was asked for.</param>
    /// <param name="world">The scenario.</param>
    /// <param name="inputs">Every file that the command reads.</param>
    /// <returns>Null if no diagram is wanted.</returns>
    /// <exception cref="UsageException">It cannot be drawn, or written there.</exception>
    internal static ExploreDiagram? Open(ExploreSettings settings, Scenario world, IEnumerable<string> inputs)
    {
        if (settings.Diagram is not { } file)
            return null;
        if (!s_forms.TryGetValue(file.Extension, out Func<Diagram, string>? form))
            throw new UsageException($"--diagram {file}: expected a name that ends with {string.Join(", ", s_forms.Keys)}");
        try
        {
            var recorder = new DiagramRecorder(DiagramSubject.Of(world, settings.Of));
            return new ExploreDiagram(OutputFile.Open("--diagram", file, inputs)!, form, recorder);
        }
        catch (WorldException none)
        {
            throw new UsageException(none.Message);
        }
    }

    /// <summary>Writes the diagram.</summary>
    /// <param name="result">What the search found.</param>
    /// <param name="status">The exit code so far.</param>
    /// <returns>The exit code.</returns>
    internal int Write(ExploreResult result, int status)
    {
        string? missing = result.Search.End switch
        {
            // A livelock is found when every state is known.
            SearchEnd.Violated when result.Search.Violation!.Kind != ViolationKind.Livelock => "the search ended at what is violated",
            SearchEnd.Bound => $"the search reached a bound, {result.Search.Bound}",
            _ => null,
        };
        using (var words = new StreamWriter(_file.Stream, leaveOpen: true))
            words.Write(_form(_recorder.Draw(result.Scenario.Name, missing)));
        return _file.Complete(status);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}

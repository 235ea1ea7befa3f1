namespace Wirq.Lab.Exploring.Diagrams;

/// <summary>The states of a subject that a search reached, and the transitions between them.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="States">The states in words, the start first; then by distance from it.</param>
/// <param name="Edges">The transitions, by state and target.</param>
/// <param name="Missing">Why states or transitions may be missing; null if the search was complete.</param>
internal sealed record Diagram(string Title, IReadOnlyList<IReadOnlyList<string>> States, IReadOnlyList<DiagramEdge> Edges, string? Missing);

/// <summary>A transition of a diagram.</summary>
/// <param name="From">The number of the state where it begins.</param>
/// <param name="To">The number of another state.</param>
/// <param name="Causes">What leads there, in words, sorted.</param>
internal sealed record DiagramEdge(int From, int To, IReadOnlyList<string> Causes);

using System.Runtime.Versioning;
using Wirq.Board.Machine;

namespace Wirq.Cli.Boot;

/// <summary>What is typed into the guest's console, and what is waited for there.</summary>
[SupportedOSPlatform("linux")]
internal sealed class GuestTyping : IDisposable
{
    private readonly ConsoleChoice _choice;
    private readonly Stream? _stream;
    private readonly ConsoleInput? _input;
    private readonly TextSearch? _until;
    private Board.Machine.Board? _board;

    private GuestTyping(ConsoleChoice choice, Stream? stream)
    {
        _choice = choice;
        _stream = stream;
        _input = stream is null ? null : new ConsoleInput(stream, choice.Prompt);
        _until = choice.Until.Length > 0 ? new TextSearch(choice.Until) : null;
    }

    /// <summary>Why not all of the input was typed; null if nothing prevented it.</summary>
    internal string? Failure => _input?.Failure is { } failure ? $"{Name(_choice)} cannot be read: {failure}" : null;

    /// <summary>Opens the input.</summary>
    /// <exception cref="UsageException">It cannot be opened.</exception>
    internal static GuestTyping Open(ConsoleChoice choice)
    {
        try
        {
            return new GuestTyping(choice, choice.Input is null ? null : choice.InputFile is { } file ? File.OpenRead(file) : Console.OpenStandardInput());
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{Name(choice)} cannot be read: {unreadable.Message}");
        }
    }

    /// <summary>The guest wrote a byte.</summary>
    internal void Saw(byte value)
    {
        _input?.Saw(value);
        if (_until?.Take(value) == true)
            _board?.End(new GuestEnd(GuestEndKind.Text, Detail: _choice.Until));
    }

    /// <summary>Starts to type.</summary>
    internal void Start(Pc pc)
    {
        _board = pc.Board;
        _input?.Start(pc.Serial);
    }

    /// <summary>Types no more.</summary>
    internal void Stop() => _input?.Stop();

    /// <inheritdoc/>
    public void Dispose() => _stream?.Dispose();

    private static string Name(ConsoleChoice choice) => choice.InputFile ?? "stdin";
}

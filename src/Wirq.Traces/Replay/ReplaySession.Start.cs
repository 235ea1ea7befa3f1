using Wirq.Events;
using Wirq.Remapping.VtD;

namespace Wirq.Traces.Replay;

/// <content>The first line of a log that begins in mid-life.</content>
internal sealed partial class ReplaySession
{
    /// <summary>Sets what later lines show of the registers at the first line. What they do not show stays in its reset state
    /// here, and no answer may rest on it.</summary>
    private void LearnStart()
    {
        foreach (LogEntryShown shown in _survey.Start.Entries)
        {
            _entries.Learn(shown);
            if (!Fits(shown))
                continue;
            _machine.SetEntry(shown);
            Tell(shown.ToEvent());
        }
        foreach (LogPicShown shown in _survey.Start.Masks)
        {
            _machine.SetMask(shown, _survey.Start.Requests(shown.Unit), _survey.Start.Lowest(shown.Unit));
            Tell(shown.ToEvent());
        }
        // The guest's table may have been set before the first line. How long it is shows in no line.
        if (_unit is not null)
            SetTable(AnyCpu, WholeTable);
        if (_unit is not null && _survey.Start.RemapsAtStart)
            Command(AnyCpu, GlobalCommand.Remapping);
        _machine.Drain();
    }

    /// <summary>Whether the chips can have an entry. If they sent by one of which only a part is known, their message would be
    /// a guess; a kernel's route says what was sent.</summary>
    private bool Fits(in LogEntryShown shown)
    {
        const EntryParts whole = EntryParts.Mask | EntryParts.Low | EntryParts.Destination;
        return (shown.Known & whole) == whole || (shown.Known & EntryParts.Mask) != 0 && (shown.Entry.Masked || _survey.IsSplit);
    }
}
